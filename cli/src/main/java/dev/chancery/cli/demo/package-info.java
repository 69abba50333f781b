/**
 * The story behind {@code chancery demo}: one fresh instance, about thirty steps, each of which checks what it claims.
 *
 * <p><b>Promises.</b> It ends with exit code 0 only if each step did what it should, and whatever it started has ended by then, also after
 * Ctrl-C or TERM. No personal value of {@link dev.chancery.cli.demo.Cast} is ever printed.
 *
 * <p><b>Does not promise.</b> To outlive a {@code kill -9} of itself: the instance it started then goes on until it is stopped.
 */
@NullMarked
package dev.chancery.cli.demo;

import org.jspecify.annotations.NullMarked;
