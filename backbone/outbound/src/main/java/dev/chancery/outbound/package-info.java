/**
 * What goes out to addresses that an organisation configures: webhooks, issuers of credentials, databases.
 *
 * <p><b>Promises:</b> nothing is sent where an egress list does not allow it, unless to an address in a network that the operator opened; a name
 * is looked up once, in a time, and what was judged is dialled; no redirect is followed; an answer has an end and a size.
 *
 * <p><b>Does not promise:</b> that what was sent has not arrived where no answer came.
 */
@NullMarked
package dev.chancery.outbound;

import org.jspecify.annotations.NullMarked;
