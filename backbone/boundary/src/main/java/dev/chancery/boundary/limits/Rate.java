package dev.chancery.boundary.limits;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A token bucket: it holds {@code burst} tokens, and {@code count} come back in each {@code window}. A call takes one. So any time span
 * t admits at most {@code burst + count * t / window} calls.
 *
 * <p>As text, {@code 60/min burst 10}, with {@code s}, {@code min} or {@code h}; {@code none} limits nothing.
 *
 * @param count tokens that come back in a window; 0: nothing is limited
 */
public record Rate(long count, Duration window, int burst) {
    /** Limits nothing. */
    public static final Rate NONE = new Rate(0, Duration.ofMinutes(1), 0);

    /** Of each number: one token comes back in a microsecond at the fastest. */
    public static final int MAX_TOKENS = 100_000_000;

    private static final Pattern TEXT = Pattern.compile("([1-9][0-9]{0,8})/(s|min|h) burst ([1-9][0-9]{0,8})");
    /** Tokens that are taken from the shared bucket at once are at most this share of its burst. */
    private static final int SHARES_OF_BURST = 10;

    public Rate {
        if (count < 0 || count > MAX_TOKENS || burst > MAX_TOKENS || (count == 0 ? burst != 0 : burst < 1)) {
            throw new IllegalArgumentException("a limit has 1 to " + MAX_TOKENS + " calls and as large a burst");
        }
    }

    /** @throws IllegalArgumentException for any other text than the two of this class */
    public static Rate of(String text) {
        if (text.equals("none")) {
            return NONE;
        }
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("a limit is written as 60/min burst 10, or none");
        }
        return new Rate(Long.parseLong(matcher.group(1)), window(matcher.group(2)), Integer.parseInt(matcher.group(3)));
    }

    private static Duration window(String unit) {
        return switch (unit) {
            case "s" -> Duration.ofSeconds(1);
            case "min" -> Duration.ofMinutes(1);
            default -> Duration.ofHours(1);
        };
    }

    boolean limits() {
        return count > 0;
    }

    /** In which one token comes back. */
    long microsAToken() {
        return Math.max(1, window.toNanos() / 1_000 / count);
    }

    /** Tokens that a process takes at once: what comes back in a second, or a tenth of the burst, and at most a quarter of it. */
    int batch() {
        long aSecond = 1_000_000 / microsAToken();
        return (int) Math.clamp(Math.max(aSecond, burst / SHARES_OF_BURST), 1, Math.max(1, burst / 4));
    }

    /** A fraction of it, for a process that can't ask the others. */
    Rate dividedBy(int parts) {
        return new Rate(Math.max(1, count / parts), window, Math.max(1, burst / parts));
    }
}
