package dev.keyhole.model.text;

/** What a template has printed so far, up to the limit. */
final class Output {

    private final StringBuilder text = new StringBuilder();

    void print(String piece) {
        if ((long) text.length() + piece.length() > Bounds.MAX_CHARS) {
            throw Bounds.exceeded(Bounds.MAX_CHARS, "characters");
        }
        text.append(piece);
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
