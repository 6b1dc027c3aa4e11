/** Loads a page again while it says that something is going on; stops as soon as nothing is, or nobody looks. */

const waiting = document.querySelector("[data-waiting]");

if (waiting) {
  const again = () => {
    const isBusy = document.querySelector("dialog[open], details[open] form") || document.activeElement?.closest("form");
    if (document.hidden || isBusy) setTimeout(again, 2000);
    else location.reload();
  };
  setTimeout(again, Number(waiting.dataset.waiting) * 1000);
}
