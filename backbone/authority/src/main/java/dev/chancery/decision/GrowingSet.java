package dev.chancery.decision;

import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An immutable set that grows in constant time: each version shares the elements of the one before.
 *
 * <p>{@code order} numbers the elements as they came; a version of size n sees those below n. Adding to the newest version writes into
 * {@code order}, where older versions don't see it; adding to an older one copies.
 *
 * <p><b>Thread safety:</b> safe for any number of readers and one writer a lineage.
 */
final class GrowingSet<T> extends AbstractSet<T> {
    private final ConcurrentHashMap<T, Integer> order;
    private final int size;

    private GrowingSet(ConcurrentHashMap<T, Integer> order, int size) {
        this.order = order;
        this.size = size;
    }

    /** A growing set with these elements: the same one where it is one already. */
    static <T> GrowingSet<T> copyOf(Set<T> elements) {
        if (elements instanceof GrowingSet<T> growing) {
            return growing;
        }
        var order = new ConcurrentHashMap<T, Integer>();
        elements.forEach(element -> order.put(element, order.size()));
        return new GrowingSet<>(order, order.size());
    }

    GrowingSet<T> plus(T element) {
        if (contains(element)) {
            return this;
        }
        synchronized (order) {
            if (order.size() == size) {
                order.put(element, size);
                return new GrowingSet<>(order, size + 1);
            }
        }
        return copyOf(Set.copyOf(this)).plus(element);
    }

    @Override
    public boolean contains(Object element) {
        Integer number = order.get(element);
        return number != null && number < size;
    }

    @Override
    public Iterator<T> iterator() {
        return order.entrySet().stream()
                .filter(entry -> entry.getValue() < size)
                .map(Map.Entry::getKey)
                .iterator();
    }

    @Override
    public int size() {
        return size;
    }
}
