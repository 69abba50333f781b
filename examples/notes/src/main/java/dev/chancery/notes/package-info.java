/** An example of a feature: a command, a view and a decision. Used by tests and docs/how-to/add-a-feature.md; in no product. */
@NullMarked
package dev.chancery.notes;

import org.jspecify.annotations.NullMarked;
