/**
 * Retention: legal holds, erasures, schedules, and the one eraser that an administrator, a subject's request and a schedule have done it by.
 */
@NullMarked
package dev.chancery.retention;

import org.jspecify.annotations.NullMarked;
