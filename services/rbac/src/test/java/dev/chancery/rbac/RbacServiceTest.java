package dev.chancery.rbac;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Message;
import dev.chancery.command.Handler;
import dev.chancery.command.Methods;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.Contract;
import dev.chancery.schema.identity.v1.PrincipalType;
import dev.chancery.schema.rbac.v1.ListAssignmentsReply;
import dev.chancery.schema.rbac.v1.ListAssignmentsRequest;
import dev.chancery.schema.rbac.v1.ListCapabilitiesReply;
import dev.chancery.schema.rbac.v1.ListCapabilitiesRequest;
import dev.chancery.schema.rbac.v1.ListRolesReply;
import dev.chancery.schema.rbac.v1.ListRolesRequest;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class RbacServiceTest {
    private static final Contract CONTRACT = Contract.load();

    private final Methods methods = new Methods(CONTRACT);
    private final String ada = Story.id();
    private final Story story = new Story();

    RbacServiceTest() {
        var service = new RbacService(Live.DATABASE);
        assertThat(service.name()).isEqualTo("rbac");
        service.register(methods);
        story.happens(
                Story.founded(story.tenant, ada, Story.id()),
                Story.contract("role:read"),
                Story.created(ada, PrincipalType.USER));
        Live.apply(story);
    }

    @Test
    void everyMethodOfTheContractIsBound() {
        assertThat(methods.all())
                .extracting(bound -> bound.contract().fullName())
                .containsExactlyInAnyOrderElementsOf(CONTRACT.methods().stream()
                        .filter(method -> method.feature().equals("rbac"))
                        .map(method -> method.fullName())
                        .toList());
    }

    @Test
    void theListsAreOfTheCallersTenant() throws Exception {
        var capabilities = (ListCapabilitiesReply)
                call("ListCapabilities", story.tenant, ListCapabilitiesRequest.getDefaultInstance());
        var roles = (ListRolesReply) call("ListRoles", story.tenant, ListRolesRequest.getDefaultInstance());
        var assignments = (ListAssignmentsReply) call(
                "ListAssignments",
                story.tenant,
                ListAssignmentsRequest.newBuilder().setPrincipalId(ada).build());

        assertThat(capabilities.getCapabilitiesCount()).isOne();
        assertThat(roles.getRolesCount()).isOne();
        assertThat(assignments.getAssignmentsCount()).isOne();

        String elsewhere = Story.id();
        assertThat(call("ListCapabilities", elsewhere, ListCapabilitiesRequest.getDefaultInstance()))
                .isEqualTo(ListCapabilitiesReply.getDefaultInstance());
        assertThat(call("ListRoles", elsewhere, ListRolesRequest.getDefaultInstance()))
                .isEqualTo(ListRolesReply.getDefaultInstance());
        assertThat(call("ListAssignments", elsewhere, ListAssignmentsRequest.getDefaultInstance()))
                .isEqualTo(ListAssignmentsReply.getDefaultInstance());
    }

    @Test
    void anotherOrganisationsPrincipalIsNotFound() {
        var request = ListAssignmentsRequest.newBuilder().setPrincipalId(ada).build();

        assertRefused("rbac.no-such-principal", () -> call("ListAssignments", Story.id(), request));
    }

    @Test
    void whatIsNoPageIsRefused() {
        assertRefused(
                "rbac.page",
                () -> call(
                        "ListAssignments",
                        story.tenant,
                        ListAssignmentsRequest.newBuilder().setPage("x").build()));
        assertRefused(
                "rbac.page",
                () -> call(
                        "ListRoles",
                        story.tenant,
                        ListRolesRequest.newBuilder().setPage("X").build()));
        assertRefused(
                "rbac.page-size",
                () -> call(
                        "ListCapabilities",
                        story.tenant,
                        ListCapabilitiesRequest.newBuilder().setPageSize(201).build()));
    }

    private static void assertRefused(String code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(RefusedException.class, refused -> assertThat(
                        refused.rejection().code())
                .isEqualTo(code));
    }

    @SuppressWarnings("unchecked")
    private Message call(String method, String tenant, Message request) throws RefusedException {
        var bound = methods.find("chancery.rbac.v1.RbacService/" + method);
        var query = (Handler.Query<Message, Message>) bound.handler();
        var caller =
                new Principal(Principal.Type.USER, ada, tenant, Optional.empty(), "", Optional.empty(), Instant.EPOCH);
        return query.read().read(new ReadContext(caller, 0, more -> {}), request);
    }
}
