/**
 * Where every call enters: how many calls may be in flight, and how long a body may take.
 */
@NullMarked
package dev.chancery.boundary.admission;

import org.jspecify.annotations.NullMarked;
