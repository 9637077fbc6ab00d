package dev.keyhole.provider;

/**
 * A name that a remote request may use for a model; {@code *} stands for any text, {@code ?} for any
 * one character.
 *
 * <p>Matching looks at every character of the text at most once for each star it comes after, so a
 * stranger's text cannot make it slow.
 */
record NamePattern(String pattern) {

    NamePattern {
        if (pattern.isBlank()) {
            throw new IllegalArgumentException("a model's name or alias cannot be empty");
        }
    }

    boolean isExact() {
        return pattern.indexOf('*') < 0 && pattern.indexOf('?') < 0;
    }

    boolean matches(String text) {
        int at = 0;
        int in = 0;
        int star = -1;
        int resumeAt = 0;
        while (at < text.length()) {
            if (in < pattern.length() && pattern.charAt(in) == '*') {
                star = in++;
                resumeAt = at;
            } else if (in < pattern.length() && fits(pattern.charAt(in), text.charAt(at))) {
                in++;
                at++;
            } else if (star >= 0) {
                in = star + 1;
                at = ++resumeAt;
            } else {
                return false;
            }
        }
        while (in < pattern.length() && pattern.charAt(in) == '*') {
            in++;
        }
        return in == pattern.length();
    }

    private static boolean fits(char wanted, char there) {
        return wanted == '?' || wanted == there;
    }
}
