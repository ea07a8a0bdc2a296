import { expect, test } from "vitest";
import type { FrameLanguage } from "../../../protocol/events.js";
import { definitionLine } from "../../../source/definition-line.js";

/** The line as the text has it, so that a test shows what was found. */
function found(text: string, name: string, language: FrameLanguage, line: number): string | undefined {
  const number = definitionLine(text, name, language, line);
  return number === undefined ? undefined : text.split("\n")[number - 1]?.trim();
}

const PERL = `package Shop;
sub total_of { return 1 }
sub total {
    my $sum = total_of();
}
package Other;
sub total {
    return 2;
}
`;

test("the nearest definition of the name at or above the line, not one of a longer name and not a call", () => {
  expect(definitionLine(PERL, "Shop::total", "perl", 4)).toBe(3);
  expect(definitionLine(PERL, "Other::total", "perl", 8)).toBe(7);
  expect(definitionLine(PERL, "Shop::total_of", "perl", 2)).toBe(2);
  expect(definitionLine(PERL, "Shop::missing", "perl", 8)).toBeUndefined();
  expect(definitionLine(PERL, "<top-level>", "perl", 8)).toBeUndefined();
  expect(definitionLine(PERL, "Shop::__ANON__", "perl", 4)).toBeUndefined();
});

test("Elixir's and Erlang's functions, also of a closure in them", () => {
  const elixir = "defmodule Shop do\n  def empty?(cart), do: cart == []\n  defp sum(cart) do\n    Enum.sum(cart)\n  end\nend\n";
  expect(found(elixir, "Shop.empty?/1", "beam", 2)).toBe("def empty?(cart), do: cart == []");
  expect(found(elixir, "Shop.sum/1", "beam", 4)).toBe("defp sum(cart) do");
  const erlang = "-module(shop).\nsum([]) ->\n    0;\nsum([H | T]) ->\n    H + sum(T).\n";
  expect(found(erlang, "shop:sum/1", "beam", 5)).toBe("sum([H | T]) ->");
  expect(found(erlang, "shop:-sum/1-fun-0-/1", "beam", 3)).toBe("sum([]) ->");
});

test("a name is never a pattern, and modifiers may stand before the keyword", () => {
  expect(definitionLine("sub abc {\n", "a.c", "perl", 1)).toBeUndefined();
  expect(found("class Shop\n  private def add(item)\n  end\n", "Shop.add", "ruby", 3)).toBe("private def add(item)");
});
