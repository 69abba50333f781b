package dev.chancery.log;

/**
 * What an append does with the idempotency key of its command.
 *
 * @param key keyed hash over principal, method and key
 * @param request keyed hash of the request
 * @param keptMillis how long the answer is repeated
 */
public record Receipt(Digest key, Digest request, Effect effect, long keptMillis) {

    public sealed interface Effect {}

    /** The command runs from here on: others with this key are told so. */
    public record Reserve() implements Effect {}

    /** The command succeeded: the same key and request get this reply. */
    public record KeepReply(byte[] reply) implements Effect {}

    /** The command was refused for good: the same key and request get this code. */
    public record KeepCode(String code) implements Effect {}

    /** Nothing came of it: the key is free again. */
    public record Release() implements Effect {}
}
