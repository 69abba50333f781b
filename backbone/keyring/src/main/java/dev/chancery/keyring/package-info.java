/**
 * Keys, and everything that is done with them: values sealed to a person, keyed hashes, signatures. The only ciphers of
 * Chancery are in here.
 *
 * <p>The ring of a {@link dev.chancery.keyring.Sealer} outside the database wraps tenant keys, a tenant key wraps subject keys (one for each
 * subject and retention class), a subject key seals values. Destroying a subject key is how a person is forgotten: what was sealed
 * with it stays in the log, its bytes and hashes unchanged, and nobody can read it.
 *
 * <p><b>Promises:</b> a key is committed before the first value sealed with it is returned; a value opens only where it was
 * sealed, as what it was sealed, with the one key it was sealed with; a destroyed subject key is gone from this process when
 * {@link dev.chancery.keyring.Eraser#destroy} returns, from others within {@link dev.chancery.keyring.Keyring#CACHE_SECONDS}, and is never made again.
 *
 * <p><b>Does not promise:</b> that a deleted key's bytes have left PostgreSQL's pages, write-ahead log and backups (they are
 * useless once {@link dev.chancery.keyring.Eraser#renew} has returned), nor that no copy of a key or of a plaintext is left in this
 * process's memory: arrays are zeroed where this package owns them, but the garbage collector moves and the JDK copies.
 */
@NullMarked
package dev.chancery.keyring;

import org.jspecify.annotations.NullMarked;
