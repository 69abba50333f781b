/**
 * A Chancery decision point in an application's own process. It follows its organisation's authority over gRPC and answers from
 * memory, with the code that the server decides with ({@code backbone/authority}): the same answer for the same reason.
 *
 * <p><b>Promises.</b> Default deny. What was revoked is refused within the bound, or, where the server can't be reached for longer,
 * sensitive capabilities are refused altogether. Every answer says its position.
 *
 * <p><b>Does not promise.</b> That a check sees what was changed a moment ago, unless {@code awaitPosition} was called. That nobody in
 * this process reads what it holds: an application with a decision point of its own knows who holds what in its organisation.
 */
@NullMarked
package dev.chancery.client;

import org.jspecify.annotations.NullMarked;
