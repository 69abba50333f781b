package dev.chancery.log;

/**
 * What an append does with the idempotency key of its command.
 *
 * @param key keyed hash over principal, method and key
 * @param request keyed hash of the request
 * @param keptMillis how long the answer is repeated; a reservation lasts as long as its intent is open
 */
public record Receipt(Digest key, Digest request, Effect effect, long keptMillis) {

    /** A kept reply's size at most. */
    public static final int MAX_REPLY_BYTES = 64 * 1024;

    public sealed interface Effect {}

    /** The command runs from here on: others with this key are told so, until its intent has an outcome. */
    public record Reserve() implements Effect {}

    /** The command succeeded: the same key and request get this reply. */
    @SuppressWarnings("ArrayRecordComponent") // handed through, never compared
    public record KeepReply(byte[] reply) implements Effect {
        public KeepReply {
            if (reply.length > MAX_REPLY_BYTES) {
                throw new IllegalArgumentException("a kept reply has at most 64 KiB");
            }
        }
    }

    /** The command was refused for good: the same key and request get this code. */
    public record KeepCode(String code) implements Effect {}

    /** Nothing came of it: the key that the command's intent reserved is free again. */
    public record Release() implements Effect {}
}
