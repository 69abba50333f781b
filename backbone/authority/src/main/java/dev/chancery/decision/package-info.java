/**
 * Who may do what: what an answer rests on, folded from the log's own events, and the answer. Pure, and the same code in the server
 * ({@code backbone/decision} reads PostgreSQL) and in an application ({@code client} follows the server): Java 17, and nothing but
 * the contract's messages.
 *
 * <p><b>Promises.</b> Default deny. Expiry counts at the moment of the decision. Every answer says what decided.
 */
@NullMarked
package dev.chancery.decision;

import org.jspecify.annotations.NullMarked;
