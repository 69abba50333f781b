package dev.chancery.cli.bench;

import dev.chancery.cli.client.GrpcTransport;
import dev.chancery.cli.client.Refused;
import dev.chancery.cli.client.SignIn;
import dev.chancery.cli.client.Unreachable;
import dev.chancery.schema.access.v1.AssignRoleReply;
import dev.chancery.schema.identity.v1.CreatePrincipalReply;
import java.io.IOException;

/** From a revocation's acknowledgement to the first check that is denied, each round of a new principal. */
final class RevokeMode {
    private final Bench bench;

    private record Assigned(Tenant tenant, GrpcTransport grpc, String principalId, String assignmentId)
            implements EndedRounds.Given {
        @Override
        public void end() throws Refused, Unreachable {
            tenant.revoke(grpc, principalId, assignmentId);
        }
    }

    RevokeMode(Bench bench) {
        this.bench = bench;
    }

    void run() throws Refused, Unreachable, InterruptedException, IOException {
        SignIn caller = bench.tenant(0).administrator();
        var rounds = new EndedRounds(bench, this::assign)
                .at("gRPC", CheckPoint.grpc(bench.target(), caller, 0))
                .at("AuthZEN", CheckPoint.authZen(bench.target(), caller));
        for (Target other : bench.checkedToo()) {
            rounds.at("gRPC at " + other.rest().base(), CheckPoint.grpc(other, caller, 0));
        }
        rounds.run("revoked", bench.plan().callers(), bench.plan().rate());
    }

    private EndedRounds.Given assign() throws Refused, Unreachable {
        Tenant tenant = bench.tenant(0);
        GrpcTransport grpc = bench.target().grpc(1);
        String principal = ((CreatePrincipalReply) tenant.createPrincipal(grpc).message()).getPrincipalId();
        String assignment = ((AssignRoleReply) tenant.assign(grpc, principal).message()).getAssignmentId();
        return new Assigned(tenant, grpc, principal, assignment);
    }
}
