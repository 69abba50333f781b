package dev.chancery.client;

import dev.chancery.schema.access.v1.RoleAssigned;
import dev.chancery.schema.access.v1.RoleDefined;
import dev.chancery.schema.identity.v1.PrincipalCreated;
import dev.chancery.schema.identity.v1.PrincipalType;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import java.util.function.IntPredicate;
import org.casbin.jcasbin.main.Enforcer;
import org.casbin.jcasbin.model.Model;
import org.junit.jupiter.api.Test;

/**
 * Checks in process, of this library and of jCasbin, on one model in one run: a thousand policies (a hundred roles of ten
 * capabilities), a thousand principals with two roles each, half of the questions granted. Run by name; how in
 * docs/reference/performance.md.
 */
final class DecisionBenchmark {
    private static final int ROLES = 100;
    private static final int CAPABILITIES_A_ROLE = 10;
    private static final int PRINCIPALS = 1_000;
    private static final int QUESTIONS = 1 << 14;
    private static final long NOW = 1_767_225_600_000_000L;

    private final String[] principals = new String[QUESTIONS];
    private final String[] types = new String[QUESTIONS];
    private final String[] verbs = new String[QUESTIONS];
    private final String[] capabilities = new String[QUESTIONS];

    @Test
    void measures() {
        int checks = Integer.getInteger("chancery.bench.checks", 20_000_000);
        int casbinChecks = Integer.getInteger("chancery.bench.casbin-checks", 20_000);
        System.out.printf(
                Locale.ROOT,
                "%d policies, %d principals, Java %s, %d processors%n",
                ROLES * CAPABILITIES_A_ROLE,
                PRINCIPALS,
                Runtime.version(),
                Runtime.getRuntime().availableProcessors());
        var view = new AuthorityView("t", Duration.ofDays(1), Duration.ofDays(1));
        var model = new Model();
        model.addDef("r", "r", "sub, obj, act");
        model.addDef("p", "p", "sub, obj, act");
        model.addDef("g", "g", "_, _");
        model.addDef("e", "e", "some(where (p.eft == allow))");
        model.addDef("m", "m", "g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act");
        var enforcer = new Enforcer(model);
        enforcer.enableLog(false);
        fill(view, enforcer);
        for (int round = 0; round < 3; round++) {
            report("client  ", checks, i -> view.check(
                            principals[i],
                            "",
                            capabilities[i],
                            "",
                            "",
                            System.nanoTime(),
                            System.currentTimeMillis() * 1_000)
                    .granted());
            report("jcasbin ", casbinChecks, i -> enforcer.enforce(principals[i], types[i], verbs[i]));
        }
    }

    private void fill(AuthorityView view, Enforcer enforcer) {
        var random = new Random(7);
        var begin = AuthorityViewTest.reply(1, true);
        for (int role = 0; role < ROLES; role++) {
            var defined = RoleDefined.newBuilder().setRole("role-" + role);
            for (int i = 0; i < CAPABILITIES_A_ROLE; i++) {
                defined.addCapabilities("type-" + role + ":verb-" + i);
                enforcer.addPolicy("role-" + role, "type-" + role, "verb-" + i);
            }
            begin.addEvents(AuthorityViewTest.event("access/role-model", defined.build()));
        }
        String[] ids = new String[PRINCIPALS];
        int[][] held = new int[PRINCIPALS][2];
        for (int i = 0; i < PRINCIPALS; i++) {
            ids[i] = new UUID(7, i).toString();
            begin.addEvents(AuthorityViewTest.event(
                    "identity/principal/" + ids[i],
                    PrincipalCreated.newBuilder()
                            .setPrincipalId(ids[i])
                            .setType(PrincipalType.USER)
                            .build()));
            for (int a = 0; a < 2; a++) {
                held[i][a] = random.nextInt(ROLES);
                begin.addEvents(AuthorityViewTest.event(
                        "access/assignments/" + ids[i],
                        RoleAssigned.newBuilder()
                                .setAssignmentId(new UUID(a, i).toString())
                                .setRole("role-" + held[i][a])
                                .setFromMicros(NOW)
                                .build()));
                enforcer.addGroupingPolicy(ids[i], "role-" + held[i][a]);
            }
        }
        view.apply(begin.build(), System.nanoTime());
        for (int i = 0; i < QUESTIONS; i++) {
            int who = random.nextInt(PRINCIPALS);
            int role = random.nextBoolean() ? held[who][random.nextInt(2)] : random.nextInt(ROLES);
            principals[i] = ids[who];
            types[i] = "type-" + role;
            verbs[i] = "verb-" + random.nextInt(CAPABILITIES_A_ROLE);
            capabilities[i] = types[i] + ":" + verbs[i];
            if (i < 200
                    && view.check(ids[who], "", capabilities[i], "", "", System.nanoTime(), NOW)
                                    .granted()
                            != enforcer.enforce(principals[i], types[i], verbs[i])) {
                throw new AssertionError("the two models differ at question " + i);
            }
        }
    }

    /** Throughput without a clock between checks, then latencies of each. */
    static void report(String name, int checks, IntPredicate check) {
        int granted = 0;
        long begun = System.nanoTime();
        for (int i = 0; i < checks; i++) {
            granted += check.test(i & QUESTIONS - 1) ? 1 : 0;
        }
        double seconds = (System.nanoTime() - begun) / 1e9;
        int timed = Math.min(checks, 2_000_000);
        long[] nanos = new long[timed];
        for (int i = 0; i < timed; i++) {
            long from = System.nanoTime();
            granted += check.test(i & QUESTIONS - 1) ? 1 : 0;
            nanos[i] = System.nanoTime() - from;
        }
        Arrays.sort(nanos);
        System.out.printf(
                Locale.ROOT,
                "%s %,12.0f checks/s on one thread; p50 %,d ns, p99 %,d ns, p99.9 %,d ns; %d%% granted%n",
                name,
                checks / seconds,
                nanos[timed / 2],
                nanos[(int) (timed * 0.99)],
                nanos[(int) (timed * 0.999)],
                100L * granted / (checks + timed));
    }
}
