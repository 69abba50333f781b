/**
 * Files encrypted to a public key in the format of age (age-encryption.org/v1, specified at c2sp.org/age), with X25519 recipients: what is
 * written here, the program {@code age} opens, and the other way round. Primitives are the JDK's and BouncyCastle's.
 *
 * <p>Such a file says to nobody who wrote it: who reads it checks a signature over what is in it.
 */
@NullMarked
package dev.chancery.keyring.age;

import org.jspecify.annotations.NullMarked;
