package dev.chancery.log;

import dev.chancery.kernel.StreamId;

/**
 * Something that must be unique in a tenant, as a keyed hash: taken or released in the transaction of the outcome it belongs to.
 *
 * @param kind what kind of name, e.g. {@code email}
 * @param hash keyed hash of the name
 * @param holder the stream whose name it is
 * @param taken true to take it, false to release it
 */
public record Claim(String kind, Digest hash, StreamId holder, boolean taken) {
    LockedTenant.ClaimKey key() {
        return new LockedTenant.ClaimKey(kind, hash);
    }
}
