/**
 * Requests of data subjects: from receipt, with the deadlines of the law, through the systems that hold data, to a statement of what was
 * done that is verified offline. It destroys nothing itself: what erases Chancery's own data checks holds first, and says what became of it
 * in the subject's stream, which is read here.
 */
@NullMarked
package dev.chancery.dsar;

import org.jspecify.annotations.NullMarked;
