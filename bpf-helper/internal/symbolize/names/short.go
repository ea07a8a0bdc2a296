package names

import (
	"regexp"
	"strings"
)

// maxListBytes is the longest template argument list that is kept: `vector<int>` is worth reading, a page of types is not.
const maxListBytes = 32

var (
	stringTypes = strings.NewReplacer(
		"std::__cxx11::", "std::", "std::__1::", "std::", "std::__debug::", "std::",
		"(anonymous namespace)", "(anonymous)", "{anonymous}", "(anonymous)")
	basicString = regexp.MustCompile(`std::basic_string<char, std::char_traits<char>, std::allocator<char> ?>`)
	basicStream = regexp.MustCompile(`std::basic_(\w+)<char, std::char_traits<char> ?>`)
	// Arguments that are there by default and say nothing.
	defaultArgument = regexp.MustCompile(`^(std::(allocator|char_traits|less|hash|equal_to|default_delete)<.*>|void)$`)
	cppLambda       = regexp.MustCompile(`\{lambda\(.*?\)#(\d+)\}`)
	rustClosure     = regexp.MustCompile(`\{\{?closure(#\d+)?\}\}?`)
)

// ShortCpp drops default template arguments, cuts long lists to "<…>" and names lambdas by their number.
func ShortCpp(name string) string {
	name = stringTypes.Replace(name)
	name = basicString.ReplaceAllString(name, "std::string")
	name = basicStream.ReplaceAllString(name, "std::$1")
	name = cppLambda.ReplaceAllString(name, "{lambda#$1}")
	name = eachArgumentList(name, func(_, list string) string { return "<" + shortList(list) + ">" })
	name = strings.TrimSuffix(name, " const")
	return dropReturnType(name)
}

func shortList(list string) string {
	var kept []string
	for _, argument := range split(list) {
		if len(kept) > 0 && defaultArgument.MatchString(argument) {
			continue
		}
		kept = append(kept, eachArgumentList(argument, func(_, inner string) string { return "<" + shortList(inner) + ">" }))
	}
	short := strings.Join(kept, ", ")
	if len(short) > maxListBytes {
		return "…"
	}
	return short
}

// dropReturnType cuts what a template function's mangling says before the name: "int ns::f<int>" is "ns::f<int>".
func dropReturnType(name string) string {
	depth := 0
	cut := 0
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '<', '(', '{', '[':
			depth++
		case '>', ')', '}', ']':
			if i > 0 && name[i-1] == '-' {
				continue
			}
			depth--
		case 'o':
			if depth == 0 && strings.HasPrefix(name[i:], "operator") && (i == 0 || !isWord(name[i-1])) {
				return name[cut:]
			}
		case ' ':
			if depth == 0 {
				cut = i + 1
			}
		}
	}
	return name[cut:]
}

// ShortRust drops generic arguments: "<alloc::vec::Vec<T> as Extend<T>>::extend" is "alloc::vec::Vec::extend".
// An implementation for a type without a name of its own (a reference, slice, tuple) is called by its trait.
func ShortRust(name string) string {
	name = rustClosure.ReplaceAllString(name, "{closure}")
	name = eachArgumentList(name, func(before, list string) string {
		if before != "" && !strings.HasSuffix(before, " ") {
			return "" // generic arguments: `Vec<T>`, `iter::<T>`
		}
		self, trait, isImpl := cutImpl(list)
		self = ShortRust(strings.TrimPrefix(strings.TrimPrefix(self, "&"), "mut "))
		if isImpl && (self == "" || !isWord(self[0])) {
			return ShortRust(trait)
		}
		return self
	})
	return strings.TrimSuffix(strings.ReplaceAll(name, "::::", "::"), "::")
}

// cutImpl parts "A as B" at the " as " outside of all brackets.
func cutImpl(list string) (self, trait string, ok bool) {
	depth := 0
	for i := range len(list) {
		switch list[i] {
		case '<', '(', '[', '{':
			depth++
		case '>', ')', ']', '}':
			depth--
		}
		if depth == 0 && strings.HasPrefix(list[i:], " as ") {
			return list[:i], list[i+4:], true
		}
	}
	return list, "", false
}
