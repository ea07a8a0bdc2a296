package recording

import "unicode/utf8"

// jsonBytes is at least the number of bytes that a string takes in JSON, with its quotes and comma.
func jsonBytes(s string) int {
	size := 3
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c < 0x20 || c == '<' || c == '>' || c == '&' || c == 0x7f || c == 0xe2:
			size += 6 // \u00xx; 0xe2 begins the line separators, which are escaped too
		case c == '"' || c == '\\':
			size += 2
		default:
			size++
		}
	}
	return size
}

func cut(s string, bytes int) string {
	for bytes > 0 && !utf8.RuneStart(s[bytes]) {
		bytes--
	}
	return s[:bytes]
}
