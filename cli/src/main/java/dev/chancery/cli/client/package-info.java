/**
 * Talking to an instance: where it is, the caller's key, signing in, and any method of the contract over REST or gRPC.
 *
 * <p><b>Promises.</b> A private key is written for its owner's eyes only (mode 0600) and is on the disk before it is used. A refusal
 * arrives as the instance said it: code, message, hint.
 *
 * <p><b>Does not promise.</b> TLS: it talks to loopback, or through whatever you put in front.
 */
@NullMarked
package dev.chancery.cli.client;

import org.jspecify.annotations.NullMarked;
