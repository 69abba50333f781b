/** What a feature tells the application about itself. */
@NullMarked
package dev.chancery.feature;

import org.jspecify.annotations.NullMarked;
