/** Sends what a person decided, one after the other, and again until the server has answered. */

const WAITS_MS = [500, 1000, 2000, 4000, 8000, 15000];

export class Outbox {
  /** onTrouble(error, waiting): called when something has to be sent again. onCalm(): when all is well again. */
  constructor({ onTrouble, onCalm }) {
    this.onTrouble = onTrouble;
    this.onCalm = onCalm;
    this.waiting = 0;
    this.last = Promise.resolve();
    this.isTroubled = false;
    window.addEventListener("beforeunload", (event) => {
      if (this.waiting) event.preventDefault();
    });
    window.addEventListener("online", () => this.tryNow());
  }

  /** Returns what `act` returns, once all before it are done; `act(isRepeated)` is told whether it is sent again. */
  send(act) {
    this.waiting += 1;
    const result = this.last.then(() => this.#insist(act)).finally(() => (this.waiting -= 1));
    this.last = result.catch(() => {});
    return result;
  }

  /** Tries again now what waits to be sent again. */
  tryNow() {
    this.wake?.();
  }

  async #insist(act) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const result = await act(attempt > 0);
        this.#calm();
        return result;
      } catch (error) {
        if (!error.isPassing) {
          this.#calm();
          throw error;
        }
        this.isTroubled = true;
        this.onTrouble(error, this.waiting);
        await this.#sleep(Math.max(WAITS_MS[Math.min(attempt, WAITS_MS.length - 1)], (error.retryAfterS ?? 0) * 1000));
      }
    }
  }

  #calm() {
    if (this.isTroubled) this.onCalm();
    this.isTroubled = false;
  }

  #sleep(waitMs) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
