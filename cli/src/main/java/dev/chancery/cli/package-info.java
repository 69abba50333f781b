/**
 * The commands behind {@code chancery}, one class each.
 *
 * <p><b>Promises.</b> Exit codes: 0 done; 1 refused, unreachable or not as it should be; 2 wrong usage; for {@code audit verify} also 3,
 * unreadable. What went wrong is said in one line, with what to do about it. Results go to standard output, remarks to standard error.
 *
 * <p><b>Does not promise.</b> A stable text: for programs there is {@code --json}.
 */
@NullMarked
package dev.chancery.cli;

import org.jspecify.annotations.NullMarked;
