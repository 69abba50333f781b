/**
 * Who may do what, answered in process. What an answer rests on is folded from the log's own events, the same way for a command
 * that is about to be appended (its streams' versions become the command's basis, and append refuses when one has moved) and for
 * a check (an in-memory view of the tenant that follows the log).
 *
 * <p><b>Promises.</b> Default deny. Expiry counts at the moment of the decision. Every answer says what decided.
 *
 * <p><b>Does not promise.</b> That a check sees what was appended a moment ago, unless it carries the position.
 */
@NullMarked
package dev.chancery.decision;

import org.jspecify.annotations.NullMarked;
