/** Keys: one table says what a key does, drives what happens, the buttons that do the same, and the help that lists it. */

const NAMES = {
  " ": "Space",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  PageDown: "Page down",
  PageUp: "Page up",
  Escape: "Esc",
};

/**
 * Keys of a view. A command is `{keys, label, group, act, button}`: `keys` such as `["r"]`, `["Shift+ArrowLeft"]`,
 * `["Ctrl+a"]`; `label` says what it does; `when()` whether it means anything now; `isHidden` keeps it out of the help.
 */
export class Keys {
  constructor(commands) {
    this.commands = commands;
    this.byKey = new Map(commands.flatMap((command) => command.keys.map((key) => [key, command])));
  }

  /** Does what the key of an event stands for, and returns whether it stood for anything. */
  handle(event) {
    const command = this.find(event);
    if (!command || command.when?.() === false) return false;
    event.preventDefault();
    command.act(event);
    return true;
  }

  /** Returns the command of an event, undefined where its key means nothing here. */
  find(event) {
    if (event.isComposing || event.altKey || isTyping(event.target)) return undefined;
    if (isOnControl(event.target) && ["Enter", " "].includes(event.key)) return undefined;
    const name = describe(event);
    if (this.byKey.has(name)) return this.byKey.get(name);
    return event.shiftKey || event.ctrlKey || event.metaKey ? undefined : this.byKey.get(name.toLowerCase());
  }

  /** Returns all commands by group, in the order in which the groups came. */
  listGroups() {
    const groups = new Map();
    for (const command of this.commands.filter((one) => !one.isHidden)) {
      groups.set(command.group, [...(groups.get(command.group) ?? []), command]);
    }
    return groups;
  }
}

/** Returns a key as people call it. */
export function nameKey(key) {
  if (key.length === 1) return NAMES[key] ?? key;
  return key.split("+").map((part) => NAMES[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join(" + ");
}

/** Returns an element with the keys of a command. */
export function drawKeys(command) {
  const line = document.createElement("span");
  command.keys.forEach((key, number) => {
    if (number) line.append(" ");
    const shown = document.createElement("kbd");
    shown.textContent = nameKey(key);
    line.append(shown);
  });
  return line;
}

function describe(event) {
  const control = event.ctrlKey || event.metaKey;
  if (event.key.length === 1) return control ? `Ctrl+${event.key.toLowerCase()}` : event.key;
  return [control && "Ctrl", event.shiftKey && "Shift", event.key].filter(Boolean).join("+");
}

function isTyping(target) {
  const field = target.closest?.("input, select, textarea, [contenteditable]");
  return Boolean(field) && !["checkbox", "button"].includes(field.type);
}

function isOnControl(target) {
  return Boolean(target.closest?.("button, a, summary, input"));
}
