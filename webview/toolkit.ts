/**
 * The controls of the views. The only file that knows `@vscode/webview-ui-toolkit`: it is archived upstream, and a
 * successor (`@vscode-elements/elements`) must be a change of this file alone.
 */
import {
  Button,
  Dropdown,
  Option,
  provideVSCodeDesignSystem,
  TextField,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodeTextField());

export function makeButton(label: string, title: string, onClick: () => void): HTMLElement {
  const button = create("vscode-button", Button);
  button.appearance = "secondary";
  button.textContent = label;
  button.title = title;
  button.addEventListener("click", onClick);
  return button;
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

/** A list to choose one of. `set` leaves the control alone where nothing changed, and while the list is open. */
export interface Chooser {
  readonly element: HTMLElement;
  set(choices: readonly Choice[], chosen: string): void;
}

export function makeChooser(label: string, onChoose: (value: string) => void): Chooser {
  const dropdown = create("vscode-dropdown", Dropdown);
  dropdown.setAttribute("aria-label", label);
  dropdown.title = label;
  dropdown.addEventListener("change", () => onChoose(dropdown.value));
  let shown = "";
  return {
    element: dropdown,
    set(choices, chosen) {
      const next = JSON.stringify([choices, chosen]);
      if (next === shown || dropdown.open) return;
      shown = next;
      const options = choices.map((choice) => {
        const option = create("vscode-option", Option);
        option.value = choice.value;
        option.textContent = choice.label;
        option.selected = choice.value === chosen;
        return option;
      });
      dropdown.replaceChildren(...options);
      dropdown.value = chosen;
      // The list knows new options only when its slot has changed, and refuses until then a choice that was not in the old ones.
      requestAnimationFrame(() => {
        if (next === shown) dropdown.value = chosen;
      });
    },
  };
}

export interface TextInput {
  readonly element: HTMLElement;
  value: string;
  focus(): void;
}

export function makeTextInput(label: string, placeholder: string, onInput: (text: string) => void): TextInput {
  const field = create("vscode-text-field", TextField);
  field.setAttribute("aria-label", label);
  field.placeholder = placeholder;
  field.addEventListener("input", () => onInput(field.value));
  return {
    element: field,
    get value() {
      return field.value;
    },
    set value(text) {
      field.value = text;
    },
    focus: () => field.focus(),
  };
}

function create<T extends HTMLElement>(tag: string, type: abstract new (...args: never[]) => T): T {
  const element = document.createElement(tag);
  if (!(element instanceof type)) throw new Error(`${tag} is not registered`);
  return element;
}
