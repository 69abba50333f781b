package dev.chancery.ledger;

/**
 * A tree's size and root, signed.
 *
 * @param size leaves
 * @param root RFC 6962 root, 32 bytes
 * @param note the C2SP tlog-checkpoint, a signed note, as it was signed
 */
@SuppressWarnings("ArrayRecordComponent") // handed on as it is, never changed, never compared as a record
public record SignedHead(long size, byte[] root, byte[] note) {}
