/** What can be done in a grid, and by which keys: the one table behind keys, buttons and help. */

/** Returns the commands of a grid. */
export function listCommands(grid) {
  return [
    ...listMoves(grid),
    ...listSelections(grid),
    ...listGrades(grid),
    ...listLooks(grid),
    { keys: ["?"], group: "Help", label: "This list", act: () => grid.help() },
  ];
}

function listMoves(grid) {
  const group = "Moving";
  return [
    { keys: ["ArrowLeft", "h"], group, label: "Previous item", act: () => grid.move(-1) },
    { keys: ["ArrowRight", "l"], group, label: "Next item", act: () => grid.move(1) },
    { keys: ["ArrowUp", "k"], group, label: "Item above", act: () => grid.move(-grid.board.columns) },
    { keys: ["ArrowDown", "j"], group, label: "Item below", act: () => grid.move(grid.board.columns) },
    { keys: ["Home"], group, label: "First item of the page", act: () => grid.goTo(grid.first) },
    { keys: ["End"], group, label: "Last item of the page", act: () => grid.goTo(grid.last) },
    { keys: ["Ctrl+Home"], group, label: "First page", act: () => grid.goTo(0) },
    { keys: ["PageUp"], group, label: "Previous page", act: () => grid.turn(-1) },
    { keys: ["PageDown"], group, label: "Next page", act: () => grid.turn(1) },
    { keys: ["n"], group, label: "Next undecided item", act: () => grid.goToOpen() },
  ];
}

function listSelections(grid) {
  const group = "Choosing several";
  const reach = (by) => () => grid.move(by(), { isReaching: true });
  return [
    { keys: [" "], group, label: "Choose this item too, or leave it out", act: () => grid.toggle(grid.at) },
    { keys: ["Shift+ArrowLeft"], group, label: "Extend to the left", act: reach(() => -1) },
    { keys: ["Shift+ArrowRight"], group, label: "Extend to the right", act: reach(() => 1) },
    { keys: ["Shift+ArrowUp"], group, label: "Extend one row up", act: reach(() => -grid.board.columns) },
    { keys: ["Shift+ArrowDown"], group, label: "Extend one row down", act: reach(() => grid.board.columns) },
    { keys: ["Ctrl+a"], group, label: "The whole page, or none", act: () => grid.choosePage() },
    { keys: ["Escape"], group, label: "None", when: () => grid.selection.count > 0, act: () => grid.chooseNone() },
  ];
}

function listGrades(grid) {
  const group = "Deciding";
  const graded = grid.codes.filter((code) => /^[0-9]$/.test(code));
  const free = [..."0123456789"].filter((digit) => !graded.includes(digit));
  return [
    ...graded.map((code) => ({ keys: [code], group, label: `Grade ${code}`, act: () => grid.decide(code) })),
    { keys: free, group, label: "No grade here", isHidden: true, act: (event) => grid.tellNoGrade(event.key) },
    { keys: ["g"], group, label: "Choose a grade from a list", act: () => grid.choose() },
    { keys: ["m"], group, label: "Grade with a note", act: () => grid.note() },
    { keys: ["w"], group, label: "Withdraw the grade", isUnfit: !grid.canWithdraw, act: () => grid.decide(null) },
    { keys: ["u", "Ctrl+z"], group, label: "Undo", act: () => grid.undo() },
  ].filter((command) => !command.isUnfit);
}

function listLooks(grid) {
  const group = "Looking";
  return [
    { keys: ["r"], group, label: "Reveal one step more", act: () => grid.step(1) },
    { keys: ["R"], group, label: "Reveal one step less", act: () => grid.step(-1) },
    { keys: ["b"], group, label: "Veil everything at once, or begin again", act: () => grid.veil() },
    { keys: ["s"], group, label: "Open the stack", when: () => grid.canExpand, act: () => grid.expand() },
    { keys: ["Enter"], group, label: "Open the item's page", act: () => grid.openItem() },
    { keys: ["+"], group, label: "Larger tiles", act: () => grid.resize(grid.tilePx + 32) },
    { keys: ["-"], group, label: "Smaller tiles", act: () => grid.resize(grid.tilePx - 32) },
  ];
}
