/**
 * The ledger: for each tenant's log an RFC 6962 Merkle tree over its entries, cut into C2SP tlog-tiles, and signed heads of it
 * (C2SP tlog-checkpoint). It promises that whatever it serves is covered by a checkpoint that it has signed and will serve for
 * ever, that there is one signed head per size, and that the same records come to the same root, byte for byte, whoever feeds
 * them and in whatever batches. It does not judge what the entries say: their signatures, and whether the bodies fit them, are
 * the auditor's to check, so that a log whose author lied is still shown as it is.
 */
@NullMarked
package dev.chancery.ledger;

import org.jspecify.annotations.NullMarked;
