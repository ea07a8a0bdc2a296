package symbolize

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// tidy holds a result to the limits of the wire.
func tidy(r Result) Result {
	if len(r.Positions) > MaxPositions {
		r.Positions = r.Positions[:MaxPositions]
	}
	for i := range r.Positions {
		p := &r.Positions[i]
		p.Function = clean(p.Function, MaxNameBytes)
		if len(p.File) > MaxFileBytes {
			p.File = ""
		}
		p.File = clean(p.File, MaxFileBytes)
		p.Line = bounded(p.Line)
		p.FunctionLine = bounded(p.FunctionLine)
	}
	return r
}

func bounded(line int) int {
	if line < 0 || line > MaxLineNumber {
		return 0
	}
	return line
}

// clean makes text valid UTF-8 without control or direction characters, at most limit bytes long.
func clean(text string, limit int) string {
	if isClean(text) && len(text) <= limit {
		return text
	}
	text = strings.Map(func(r rune) rune {
		if !showable(r) {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) <= limit {
		return text
	}
	const ellipsis = "…"
	cut := limit - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + ellipsis
}

func isClean(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool { return !showable(r) })
}

// showable leaves out what could move a terminal's cursor or turn text around: C0, C1, and the bidirectional controls.
func showable(r rune) bool {
	return !unicode.IsControl(r) && !unicode.Is(unicode.Bidi_Control, r) && r != '\u2028' && r != '\u2029'
}
