"""Who signs in on a stage's page: a Cognito user pool with its managed login, and the API key by which their requests are counted."""

from aws_cdk import CfnOutput, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from infra.components.access import REGION
from infra.nag import accept
from infra.settings.page import SignIn

_TOKEN_MINUTES, _SESSION_HOURS = 60, 12
_UNITS = {"access_token": "minutes", "id_token": "minutes", "refresh_token": "hours"}


class PeoplePool(Construct):
    """``issuer`` signs the tokens of the people in ``pool``; ``host`` is where they sign in, ``key`` what all of them call the API with.

    Nobody signs up: somebody of the account makes each user. With ``keep`` the pool outlives the stage, as its data does.
    """

    def __init__(self, scope: Construct, construct_id: str, *, sign_in: SignIn, keep: bool) -> None:
        super().__init__(scope, construct_id)
        kind = cognito.CfnUserPool
        self.pool = kind(
            self,
            "Pool",
            admin_create_user_config=kind.AdminCreateUserConfigProperty(allow_admin_create_user_only=True),
            username_attributes=["email"],
            auto_verified_attributes=["email"],
            username_configuration=kind.UsernameConfigurationProperty(case_sensitive=False),
            account_recovery_setting=kind.AccountRecoverySettingProperty(
                recovery_mechanisms=[kind.RecoveryOptionProperty(name="verified_email", priority=1)]
            ),
            policies=kind.PoliciesProperty(
                password_policy=kind.PasswordPolicyProperty(
                    minimum_length=12,
                    require_lowercase=True,
                    require_uppercase=True,
                    require_numbers=True,
                    require_symbols=True,
                )
            ),
            mfa_configuration="OPTIONAL",
            enabled_mfas=["SOFTWARE_TOKEN_MFA"],
            deletion_protection="ACTIVE" if keep else "INACTIVE",
            user_pool_tier="ESSENTIALS",  # managed login wants it
        )
        self.pool.apply_removal_policy(RemovalPolicy.RETAIN if keep else RemovalPolicy.DESTROY)
        self._domain = cognito.CfnUserPoolDomain(
            self, "Domain", user_pool_id=self.pool.ref, domain=sign_in.domain, managed_login_version=2
        )
        self.key = apigateway.ApiKey(self, "Key", description="Atelier's page: whoever signs in there")
        self.issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{self.pool.ref}"
        self.host = f"{sign_in.domain}.auth.{REGION}.amazoncognito.com"
        CfnOutput(self, "PoolId", value=self.pool.ref).override_logical_id("UserPoolId")
        self._accept_findings()

    def client(self, page: str) -> str:
        """The id of the page's own client, which nobody else can use: codes go to ``page`` alone, and want the tab's secret (PKCE)."""
        kind = cognito.CfnUserPoolClient
        client = kind(
            self,
            "Client",
            user_pool_id=self.pool.ref,
            generate_secret=False,
            allowed_o_auth_flows_user_pool_client=True,
            allowed_o_auth_flows=["code"],
            allowed_o_auth_scopes=["openid", "email"],
            supported_identity_providers=["COGNITO"],
            callback_ur_ls=[page],
            logout_ur_ls=[page],
            explicit_auth_flows=["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            prevent_user_existence_errors="ENABLED",
            enable_token_revocation=True,
            access_token_validity=_TOKEN_MINUTES,
            id_token_validity=_TOKEN_MINUTES,
            refresh_token_validity=_SESSION_HOURS,
            token_validity_units=kind.TokenValidityUnitsProperty(**_UNITS),
        )
        # Without a style managed login shows no page.
        style = cognito.CfnManagedLoginBranding(
            self,
            "Style",
            user_pool_id=self.pool.ref,
            client_id=client.ref,
            use_cognito_provided_values=True,
        )
        style.node.add_dependency(self._domain)
        return client.ref

    def _accept_findings(self) -> None:
        paid = "Threat protection is in Cognito's plan Plus, which a team may take for its price a user; passwords are long."
        own = "Each person sets up a second factor where they want one; who must have one is the team's to say."
        accept(self.pool, {"AwsSolutions-COG3": paid, "AwsSolutions-COG2": own, "AwsSolutions-COG8": paid})
