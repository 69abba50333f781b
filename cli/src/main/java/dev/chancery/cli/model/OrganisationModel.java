package dev.chancery.cli.model;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** What an organisation says about who may do what: its own capabilities and roles, its groups, and what is assigned. */
public record OrganisationModel(
        SortedMap<String, Capability> capabilities,
        SortedMap<String, Role> roles,
        SortedMap<String, Group> groups,
        SortedSet<Assignment> assignments) {
    /**
     * @param stepUpSeconds unsigned; 0: none
     * @param consentFor the purpose that whom it is about has to have consented to; empty: it takes no consent
     */
    public record Capability(String description, int stepUpSeconds, boolean breakGlassOnly, String consentFor) {}

    public record Role(String description, SortedSet<String> capabilities) {
        public Role(String description, Set<String> capabilities) {
            this(description, Collections.unmodifiableSortedSet(new TreeSet<>(capabilities)));
        }
    }

    /** @param members ids of principals */
    public record Group(String description, SortedSet<String> members) {
        public Group(String description, Set<String> members) {
            this(description, Collections.unmodifiableSortedSet(new TreeSet<>(members)));
        }
    }

    /**
     * One of the two holds the role.
     *
     * @param principal an id; empty: the group does
     * @param group a name; empty: the principal does
     * @param workspace an id; empty: in the whole organisation
     * @param untilMillis Unix time; 0: without end
     */
    public record Assignment(String principal, String group, String role, String workspace, long untilMillis)
            implements Comparable<Assignment> {
        @Override
        public int compareTo(Assignment other) {
            return key().compareTo(other.key());
        }

        private String key() {
            return group + " " + principal + " " + role + " " + workspace + " "
                    + String.format(java.util.Locale.ROOT, "%019d", untilMillis);
        }
    }

    public OrganisationModel(
            Map<String, Capability> capabilities,
            Map<String, Role> roles,
            Map<String, Group> groups,
            Set<Assignment> assignments) {
        this(
                Collections.unmodifiableSortedMap(new TreeMap<>(capabilities)),
                Collections.unmodifiableSortedMap(new TreeMap<>(roles)),
                Collections.unmodifiableSortedMap(new TreeMap<>(groups)),
                Collections.unmodifiableSortedSet(new TreeSet<>(assignments)));
    }
}
