package dev.chancery.identity;

import dev.chancery.boundary.tokens.Tokens;
import dev.chancery.command.Methods;
import dev.chancery.database.Database;
import dev.chancery.feature.Feature;
import dev.chancery.feature.SessionLimits;
import dev.chancery.kernel.Principal;
import dev.chancery.keyring.Keyring;
import dev.chancery.keyring.RotatingKey;
import dev.chancery.keyring.SigningKeyRotation;
import dev.chancery.log.Appender;
import dev.chancery.log.Claims;
import dev.chancery.log.LogCreation;
import dev.chancery.log.Streams;
import dev.chancery.schema.Contract;
import dev.chancery.schema.identity.v1.AddWorkspaceMemberRequest;
import dev.chancery.schema.identity.v1.AllowAgentRequest;
import dev.chancery.schema.identity.v1.ChangeEmailRequest;
import dev.chancery.schema.identity.v1.ChangeIssuerRequest;
import dev.chancery.schema.identity.v1.ChangeKeyRequest;
import dev.chancery.schema.identity.v1.ClaimOwnerRequest;
import dev.chancery.schema.identity.v1.CreateOrganisationRequest;
import dev.chancery.schema.identity.v1.CreatePrincipalRequest;
import dev.chancery.schema.identity.v1.CreateWorkspaceRequest;
import dev.chancery.schema.identity.v1.DeactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.DistrustIssuerRequest;
import dev.chancery.schema.identity.v1.EndMySessionsRequest;
import dev.chancery.schema.identity.v1.EndSessionsRequest;
import dev.chancery.schema.identity.v1.ExchangeTokenRequest;
import dev.chancery.schema.identity.v1.FindRecordsRequest;
import dev.chancery.schema.identity.v1.IssueTokenRequest;
import dev.chancery.schema.identity.v1.ListAgentsRequest;
import dev.chancery.schema.identity.v1.ListIssuersRequest;
import dev.chancery.schema.identity.v1.ListMySessionsRequest;
import dev.chancery.schema.identity.v1.ListOrganisationsRequest;
import dev.chancery.schema.identity.v1.ListPrincipalsRequest;
import dev.chancery.schema.identity.v1.ListSessionsRequest;
import dev.chancery.schema.identity.v1.ListSigningKeysRequest;
import dev.chancery.schema.identity.v1.ListTokenKeysRequest;
import dev.chancery.schema.identity.v1.ListWorkspacesRequest;
import dev.chancery.schema.identity.v1.ReactivatePrincipalRequest;
import dev.chancery.schema.identity.v1.RefreshTokenRequest;
import dev.chancery.schema.identity.v1.RotateSigningKeysRequest;
import dev.chancery.schema.identity.v1.RotateTokenKeyRequest;
import dev.chancery.schema.identity.v1.SignOutRequest;
import dev.chancery.schema.identity.v1.TrustIssuerRequest;
import dev.chancery.schema.identity.v1.WithdrawAgentRequest;
import dev.chancery.schema.identity.v1.WithdrawSigningKeyRequest;
import dev.chancery.schema.identity.v1.WithdrawTokenKeyRequest;

/** The contract's identity methods. */
public final class IdentityService implements Feature {
    private static final String SERVICE = "chancery.identity.v1.IdentityService/";
    private static final String FEDERATION = "chancery.identity.v1.FederationService/";

    private final OrganisationProvisioner founder;
    private final ProvisioningLoop foundings;
    private final Tokens tokens;
    private final OwnerClaim claim;
    private final Ownership ownership;
    private final SignIn signIn;
    private final SessionMethods sessions;
    private final SessionCredentials credentials;
    private final TokenKeys tokenKeys;
    private final SigningKeyMethods signingKeys;
    private final KeyRounds rounds;
    private final Organisations organisations;
    private final Directory directory;
    private final TrustedIssuersService issuers;
    private final Acting acting;
    private final TokenExchange exchange;
    private final RecordSearch records;

    private IdentityService(
            OrganisationProvisioner founder,
            Streams streams,
            Keyring keyring,
            Tokens tokens,
            RotatingKey tokenKey,
            SigningKeyRotation signingKeys,
            SessionLimits limits,
            OwnerClaim claim,
            Directory directory,
            FederatedSignIn federated,
            RecordSearch records) {
        var opening = new Sessions(tokens, limits);
        this.directory = directory;
        this.records = records;
        this.founder = founder;
        this.foundings = new ProvisioningLoop(founder);
        this.tokens = tokens;
        this.claim = claim;
        this.ownership = new Ownership(streams, claim);
        this.signIn = new SignIn(streams, tokens, opening);
        this.sessions = new SessionMethods(streams, keyring, opening, signIn);
        this.credentials = new SessionCredentials(streams, tokens, signIn);
        this.tokenKeys = new TokenKeys(tokenKey, tokens, streams, limits.keyAge(), founder::append);
        this.signingKeys = new SigningKeyMethods(signingKeys, streams);
        this.rounds = new KeyRounds(tokenKeys, this.signingKeys);
        this.organisations = new Organisations(foundings);
        this.issuers = new TrustedIssuersService(streams);
        this.acting = new Acting(streams, tokens);
        this.exchange = new TokenExchange(federated, acting, tokens);
    }

    /** @param claim the one-time owner claim's file */
    public static IdentityService create(
            LogCreation founding,
            Appender appender,
            Streams streams,
            Keyring keyring,
            Claims claims,
            Contract contract,
            Tokens tokens,
            RotatingKey tokenKey,
            SigningKeyRotation signingKeys,
            SessionLimits limits,
            OwnerClaim claim,
            Database database) {
        return new IdentityService(
                new OrganisationProvisioner(founding, appender, streams, keyring, contract),
                streams,
                keyring,
                tokens,
                tokenKey,
                signingKeys,
                limits,
                claim,
                new Directory(founding, streams, keyring),
                new FederatedSignIn(streams, claims, keyring),
                new RecordSearch(database, keyring, contract));
    }

    @Override
    public String name() {
        return "identity";
    }

    @Override
    public void register(Methods methods) {
        methods.publicCommand(
                        SERVICE + "ClaimOwner", ClaimOwnerRequest.class, ownership::claimant, ownership::claimOwner)
                .publicCommand(SERVICE + "IssueToken", IssueTokenRequest.class, signIn, signIn::issueToken)
                .publicCommand(
                        SERVICE + "RefreshToken", RefreshTokenRequest.class, credentials.ofRefresh(), sessions::refresh)
                .publicCommand(SERVICE + "SignOut", SignOutRequest.class, credentials.ofSignOut(), sessions::signOut)
                .query(SERVICE + "ListMySessions", ListMySessionsRequest.class, sessions::mine)
                .command(SERVICE + "EndMySessions", EndMySessionsRequest.class, sessions::endMine)
                .query(SERVICE + "ListSessions", ListSessionsRequest.class, sessions::ofPrincipal)
                .command(SERVICE + "EndSessions", EndSessionsRequest.class, sessions::endOthers)
                .command(SERVICE + "FindRecords", FindRecordsRequest.class, records::find)
                .command(SERVICE + "RotateTokenKey", RotateTokenKeyRequest.class, tokenKeys::rotate)
                .command(SERVICE + "WithdrawTokenKey", WithdrawTokenKeyRequest.class, tokenKeys::withdraw)
                .query(SERVICE + "ListTokenKeys", ListTokenKeysRequest.class, tokenKeys::list)
                .command(SERVICE + "RotateSigningKeys", RotateSigningKeysRequest.class, signingKeys::rotate)
                .command(SERVICE + "WithdrawSigningKey", WithdrawSigningKeyRequest.class, signingKeys::withdraw)
                .query(SERVICE + "ListSigningKeys", ListSigningKeysRequest.class, signingKeys::list)
                .command(SERVICE + "CreateOrganisation", CreateOrganisationRequest.class, organisations::create)
                .command(SERVICE + "CreateWorkspace", CreateWorkspaceRequest.class, organisations::createWorkspace)
                .command(
                        SERVICE + "AddWorkspaceMember",
                        AddWorkspaceMemberRequest.class,
                        organisations::addWorkspaceMember)
                .command(SERVICE + "CreatePrincipal", CreatePrincipalRequest.class, Principals::create)
                .command(SERVICE + "DeactivatePrincipal", DeactivatePrincipalRequest.class, Accounts::deactivate)
                .command(SERVICE + "ReactivatePrincipal", ReactivatePrincipalRequest.class, Accounts::reactivate)
                .command(SERVICE + "ChangeKey", ChangeKeyRequest.class, Accounts::changeKey)
                .command(SERVICE + "ChangeEmail", ChangeEmailRequest.class, Accounts::changeEmail)
                .query(SERVICE + "ListPrincipals", ListPrincipalsRequest.class, directory::principals)
                .query(SERVICE + "ListWorkspaces", ListWorkspacesRequest.class, directory::workspaces)
                .query(SERVICE + "ListOrganisations", ListOrganisationsRequest.class, directory::organisations);
        methods.command(FEDERATION + "TrustIssuer", TrustIssuerRequest.class, issuers::trust)
                .command(FEDERATION + "ChangeIssuer", ChangeIssuerRequest.class, issuers::change)
                .command(FEDERATION + "DistrustIssuer", DistrustIssuerRequest.class, issuers::distrust)
                .query(FEDERATION + "ListIssuers", ListIssuersRequest.class, issuers::list)
                .publicCommand(FEDERATION + "ExchangeToken", ExchangeTokenRequest.class, exchange, exchange::exchange)
                .command(FEDERATION + "AllowAgent", AllowAgentRequest.class, acting::allow)
                .command(FEDERATION + "WithdrawAgent", WithdrawAgentRequest.class, acting::withdraw)
                .query(FEDERATION + "ListAgents", ListAgentsRequest.class, acting::list);
    }

    Tokens tokens() {
        return tokens;
    }

    /** Begins what has not begun: the installation's log, and those of organisations that were created and not founded. */
    @Override
    public void start() {
        founder.foundInstance(claim::offer);
        ownership.renew(founder);
        founder.adopt(Principal.INSTANCE);
        rounds.start();
        foundings.start();
        ownership.withdrawUseless();
    }

    @Override
    public void stop() {
        rounds.close();
        foundings.close();
    }
}
