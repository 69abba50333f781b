package dev.chancery.rbac;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.command.RefusedException;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.rbac.v1.Assignment;
import dev.chancery.schema.rbac.v1.Capability;
import dev.chancery.schema.rbac.v1.ListAssignmentsReply;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import dev.chancery.schema.rbac.v1.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PagingTest {
    private static final String TOKEN = "[A-Za-z0-9.:_-]{1,128}";

    @Property(tries = 20)
    void pagesHaveNoGapsAndNoDuplicatesWhileAssignmentsAreMade(
            @ForAll @IntRange(min = 1, max = 7) int size,
            @ForAll @IntRange(min = 1, max = 4) int aRecord,
            @ForAll @IntRange(max = 3) int between)
            throws RefusedException {
        String holder = Story.id();
        var story = new Story().happens(Story.created(holder, PrincipalType.USER));
        for (int i = 0; i < 5; i++) {
            assign(story, holder, aRecord);
        }
        Live.apply(story);
        List<Assignment> all = Live.assignments(story.tenant);

        var paged = new ArrayList<Assignment>();
        String token = "";
        do {
            ListAssignmentsReply reply = Live.VIEWS
                    .assignments(
                            story.tenant, ListAssignmentsRequest.getDefaultInstance(), Page.ofAssignments(size, token))
                    .orElseThrow();
            assertThat(reply.getAssignmentsCount()).isLessThanOrEqualTo(size);
            paged.addAll(reply.getAssignmentsList());
            token = reply.getNextPage();
            assertThat(token).matches("(" + TOKEN + ")?");
            for (int i = 0; i < between; i++) {
                assign(story, holder, 1);
                Live.applyRun(new RbacProjection(), List.of(story.records.getLast()));
            }
        } while (!token.isEmpty());

        assertThat(all).hasSize(5 * aRecord);
        assertThat(paged).isEqualTo(all);
    }

    @Test
    void onesAssignmentsArePagedByThemselves() throws Exception {
        String one = Story.id();
        String other = Story.id();
        var story =
                new Story().happens(Story.created(one, PrincipalType.USER), Story.created(other, PrincipalType.USER));
        for (int i = 0; i < 3; i++) {
            assign(story, one, 1);
            assign(story, other, 1);
        }
        Live.apply(story);

        var first = page(story.tenant, one, 2, "");
        var second = page(story.tenant, one, 2, first.getNextPage());

        assertThat(first.getAssignmentsList())
                .extracting(Assignment::getPosition)
                .containsExactly(5L, 3L);
        assertThat(second.getAssignmentsList())
                .extracting(Assignment::getPosition)
                .containsExactly(1L);
        assertThat(second.getNextPage()).isEmpty();
    }

    @Test
    void namesArePagedInTheirBytesOrder() throws Exception {
        var names = List.of("a-b:read", "a.b:read", "a0:read", "a:read", "ab:read");
        var story = new Story();
        names.reversed()
                .forEach(name -> story.happens(Story.capability(name, 0), Story.role(name.replace(":read", ""))));
        Live.apply(story);

        var capabilities = new ArrayList<String>();
        var roles = new ArrayList<String>();
        String token = "";
        do {
            var reply = Live.VIEWS.capabilities(story.tenant, Page.ofCapabilities(2, token));
            reply.getCapabilitiesList().stream().map(Capability::getCapability).forEach(capabilities::add);
            token = reply.getNextPage();
        } while (!token.isEmpty());
        do {
            var reply = Live.VIEWS.roles(story.tenant, Page.ofRoles(2, token));
            reply.getRolesList().stream().map(Role::getRole).forEach(roles::add);
            token = reply.getNextPage();
        } while (!token.isEmpty());

        assertThat(capabilities).isEqualTo(names);
        assertThat(roles).containsExactly("a", "a-b", "a.b", "a0", "ab");
    }

    @Test
    void theLongestCapabilityIsStillAPageToken() throws Exception {
        String longest = "c".repeat(63) + ":" + "v".repeat(63);
        var story = new Story().happens(Story.capability(longest, 0)).happens(Story.capability("d:read", 0));
        Live.apply(story);

        String token = Live.VIEWS.capabilities(story.tenant, new Page<>(1, "")).getNextPage();

        assertThat(token).matches(TOKEN);
        assertThat(Live.VIEWS
                        .capabilities(story.tenant, Page.ofCapabilities(1, token))
                        .getCapabilitiesList())
                .extracting(Capability::getCapability)
                .containsExactly("d:read");
    }

    @Test
    void aPageHasAHundredRowsUnlessAskedOtherwise() throws Exception {
        var story = new Story();
        IntStream.range(0, 101).forEach(i -> story.happens(Story.capability("c" + i + ":read", 0)));
        Live.apply(story);

        assertThat(Live.VIEWS
                        .capabilities(story.tenant, Page.ofCapabilities(0, ""))
                        .getCapabilitiesCount())
                .isEqualTo(100);
        assertThat(Live.VIEWS
                        .capabilities(story.tenant, Page.ofCapabilities(200, ""))
                        .getCapabilitiesCount())
                .isEqualTo(101);
    }

    @ParameterizedTest
    @ValueSource(ints = {201, Integer.MAX_VALUE, -1})
    void aLargerPageIsRefused(int size) {
        assertThat(code(() -> Page.ofRoles(size, ""))).isEqualTo("rbac.page-size");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x",
                "1",
                "-1.0199f2aa-0000-7000-8000-000000000000",
                "01.0199f2aa-0000-7000-8000-000000000000",
                "9999999999999999999.0199f2aa-0000-7000-8000-000000000000",
                "1.0199F2AA-0000-7000-8000-000000000000",
                "1.0-0-0-0-0"
            })
    void aMadeUpAssignmentPageIsRefused(String token) {
        assertThat(code(() -> Page.ofAssignments(1, token))).isEqualTo("rbac.page");
    }

    @Test
    void aPageOfAnotherListIsRefused() {
        String made = new Page.Made(7, UUID.fromString(Story.id())).token();

        assertThat(code(() -> Page.ofCapabilities(1, made))).isEqualTo("rbac.page");
        assertThat(code(() -> Page.ofRoles(1, made))).isEqualTo("rbac.page");
        assertThat(code(() -> Page.ofRoles(1, "role:read"))).isEqualTo("rbac.page");
        assertThat(code(() -> Page.ofCapabilities(1, "reader"))).isEqualTo("rbac.page");
    }

    @Property
    void anyTokenIsReadOrRefused(@ForAll String token, @ForAll int size) {
        for (Read read : List.<Read>of(
                () -> Page.ofAssignments(size, token),
                () -> Page.ofRoles(size, token),
                () -> Page.ofCapabilities(size, token))) {
            assertThat(code(read)).isIn("", "rbac.page", "rbac.page-size");
        }
    }

    private static ListAssignmentsReply page(String tenant, String principal, int size, String token)
            throws RefusedException {
        return Live.VIEWS
                .assignments(tenant, Live.of(principal), Page.ofAssignments(size, token))
                .orElseThrow();
    }

    private static void assign(Story story, String holder, int times) {
        story.happens(IntStream.range(0, times)
                .mapToObj(i -> Story.assigned(Story.id(), holder, "reader", holder))
                .toArray(com.google.protobuf.Message[]::new));
    }

    @FunctionalInterface
    private interface Read {
        Page<?> read() throws RefusedException;
    }

    private static String code(Read read) {
        try {
            read.read();
            return "";
        } catch (RefusedException e) {
            return e.rejection().code();
        }
    }
}
