package dev.chancery.redaction;

import java.util.function.Consumer;

/**
 * Finds in a text that arrives in pieces what {@link Redactor} finds in a whole one, wherever the pieces are cut.
 *
 * <p>Windows of the text overlap by twice {@link #CONTEXT_CHARS}; a value is taken from the window in which it begins at least that far
 * from either edge. So each value is found once, and the work is at most one and a half times that of the text as a whole.
 *
 * <p><b>Limits:</b> a window is held in memory, some 50 KiB. A value longer than {@link #CONTEXT_CHARS} may be found in part, or as another
 * kind; an array or object after a secret's name hides from then on no more than the window that it begins in.
 *
 * <p><b>Thread safety:</b> none.
 */
public final class TextScan {
    /** What surrounds a value decides about it no further away than this. */
    public static final int CONTEXT_CHARS = 4_096;

    private static final int STEP_CHARS = 16_384;

    private final Consumer<String> found;
    private final char[] window = new char[STEP_CHARS + 2 * CONTEXT_CHARS];
    private int length;
    /** Where the window begins in the text. */
    private long begin;
    /** Where the last value ends. */
    private long done;

    private long settled;

    /** @param found is told the kind of each value, in the text's order */
    public TextScan(Consumer<String> found) {
        this.found = found;
    }

    public void add(char[] from, int offset, int count) {
        int at = offset;
        int left = count;
        while (left > 0) {
            int taken = Math.min(left, window.length - length);
            System.arraycopy(from, at, window, length, taken);
            length += taken;
            at += taken;
            left -= taken;
            if (length == window.length) {
                look(length - CONTEXT_CHARS);
                int kept = 2 * CONTEXT_CHARS;
                System.arraycopy(window, length - kept, window, 0, kept);
                begin += length - kept;
                length = kept;
            }
        }
    }

    /** The text is over: what is left is decided. */
    public void end() {
        look(length);
    }

    /** How many characters from the text's beginning are decided about: each value that begins there has been found. */
    public long settled() {
        return settled;
    }

    private void look(int upTo) {
        for (Span span : Redactor.spans(new String(window, 0, length), Profile.ALL)) {
            long start = begin + span.start();
            if (start >= settled && start >= done && span.start() < upTo) {
                done = begin + span.end();
                found.accept(span.kind());
            }
        }
        settled = begin + upTo;
    }
}
