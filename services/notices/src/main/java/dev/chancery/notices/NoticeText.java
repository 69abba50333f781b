package dev.chancery.notices;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * What a notice says, in plain text. It names no person, no address, no device, no value and nothing that lets anybody in: who reads the mail on
 * the way learns that there is an account.
 */
record NoticeText(String subject, String body) {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm 'UTC'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final String NOT_YOU =
            "If that was you, there is nothing to do. If it was not, tell your administrator at once.";

    static NoticeText of(Notice notice) {
        String at = TIME.format(Instant.EPOCH.plus(notice.happenedMicros(), ChronoUnit.MICROS));
        return switch (notice.kind()) {
            case NOTICE_KIND_NEW_DEVICE ->
                text(
                        "New sign-in to your account",
                        "Your account was signed in to at " + at + ", on a new device.",
                        NOT_YOU);
            case NOTICE_KIND_FAILED_SIGN_INS ->
                notice.about().isEmpty()
                        ? text(
                                "Failed sign-ins to your account",
                                "Several sign-ins to your account failed within a few minutes, the last one at " + at
                                        + ". They let nobody in.",
                                NOT_YOU)
                        : text(
                                "Failed sign-ins of a program that you see to",
                                "Several sign-ins of the program " + notice.about()
                                        + " failed within a few minutes, the last one at " + at
                                        + ". They let nobody in.",
                                "Look whether it has the key that is registered, and the right time. If it has, somebody else tried its name.");
            case NOTICE_KIND_SESSION_ENDED ->
                text(
                        "A session of yours was ended",
                        "A session of your account was ended at " + at + ": " + ended(notice.about()) + ".",
                        "Sign in again to go on. If you don't know why, ask your administrator.");
            case NOTICE_KIND_KEY_CHANGED ->
                text("The key of your account was changed", "It was changed at " + at + ".", NOT_YOU);
            case NOTICE_KIND_EMAIL_CHANGED ->
                text(
                        "The address of your account was changed",
                        "At " + at
                                + " your account was given another address, or none; this message went to the one before.",
                        NOT_YOU);
            case NOTICE_KIND_BREAK_GLASS ->
                text(
                        "Break-glass: " + notice.about(),
                        "Somebody has held the role " + notice.about() + " by break-glass since " + at
                                + ". You approve requests for it.",
                        "Look at it with: chancery call ListElevations");
            case NOTICE_KIND_SECRET_READ ->
                text(
                        "A person read a secret: " + notice.about(),
                        "Somebody was given " + notice.about() + " of a production environment at " + at
                                + ", by break-glass that you approve requests for.",
                        "Look at it with: chancery call ListElevations");
            case NOTICE_KIND_SECRET_OVERDUE ->
                text(
                        "A secret is due for a new value: " + notice.about(),
                        "You see to " + notice.about() + ", which has had no new value by " + at
                                + ", as its schedule wants.",
                        "Write one with: chancery call WriteSecret");
            case NOTICE_KIND_ENDING ->
                text(
                        "A role of yours ends soon: " + notice.about(),
                        "You hold the role " + notice.about() + " until " + at + ".",
                        "If you need it for longer, ask whoever gave it to you.");
            case NOTICE_KIND_OVERRIDE_ENDING ->
                text(
                        "An override of yours ends soon: " + notice.about(),
                        "Until " + at + " " + notice.about() + " is allowed, which you asked for.",
                        "If you need it for longer, ask for another override.");
            case NOTICE_KIND_UNSPECIFIED, UNRECOGNIZED ->
                throw new IllegalArgumentException("a notice of no kind: " + notice.id());
        };
    }

    private static String ended(String why) {
        return switch (why) {
            case "refresh-reused" -> "a refresh token was used twice, so somebody may have a copy of it";
            case "limit" -> "the account was signed in to more often than it may be at a time";
            case "principal-deactivated" -> "the account was deactivated";
            default -> "by somebody who may";
        };
    }

    private static NoticeText text(String subject, String what, String then) {
        return new NoticeText(subject, what + "\n\n" + then + "\n");
    }
}
