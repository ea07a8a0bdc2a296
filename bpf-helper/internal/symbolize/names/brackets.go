package names

import "strings"

// closing is the index of the '>' that closes the '<' at open, or -1. Arrows and operators are no brackets.
func closing(text string, open int) int {
	depth := 0
	for i := open; i < len(text); i++ {
		switch text[i] {
		case '<':
			depth++
		case '>':
			if i > 0 && (text[i-1] == '-' || text[i-1] == '=') { // "->" and "=>"
				continue
			}
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// eachArgumentList rewrites the outermost "<…>" lists of text; an operator's own '<' is left alone.
func eachArgumentList(text string, rewrite func(before, list string) string) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		if strings.HasPrefix(text[i:], "operator") {
			n := len("operator")
			for i+n < len(text) && strings.IndexByte("<>=-!", text[i+n]) >= 0 {
				n++
			}
			// "operator<<int>": the last '<' opens a list when a name follows it.
			if i+n < len(text) && n > len("operator")+1 && text[i+n-1] == '<' && isWord(text[i+n]) {
				n--
			}
			out.WriteString(text[i : i+n])
			i += n
			continue
		}
		if text[i] != '<' {
			out.WriteByte(text[i])
			i++
			continue
		}
		end := closing(text, i)
		if end < 0 {
			out.WriteString(text[i:])
			break
		}
		out.WriteString(rewrite(out.String(), text[i+1:end]))
		i = end + 1
	}
	return out.String()
}

func isWord(b byte) bool {
	return b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// split cuts an argument list at its top-level commas.
func split(list string) []string {
	var parts []string
	depth, start := 0, 0
	for i := range len(list) {
		switch list[i] {
		case '<', '(', '[', '{':
			depth++
		case '>', ')', ']', '}':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(list[start:i]))
				start = i + 1
			}
		}
	}
	return append(parts, strings.TrimSpace(list[start:]))
}
