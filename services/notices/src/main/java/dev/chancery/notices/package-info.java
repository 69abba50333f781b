/**
 * Notices to people: what was done with their accounts. What is due follows from the log; what became of it is appended to it. A notice is
 * sent at least once, and again only where the process ended between the mail server's answer and its record.
 */
@NullMarked
package dev.chancery.notices;

import org.jspecify.annotations.NullMarked;
