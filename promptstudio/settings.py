"""One settings file for every way to run. All choices come from the environment; `docs/configuration.md` lists them."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import dj_database_url
import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from promptstudio.lib.mail_address import MailServer, mail_server
from promptstudio.running.home import running, secret_key, studio_home

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_flag(name: str) -> bool:
    return env(name).lower() in {"1", "true", "yes", "on"}


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def env_proxies() -> int:
    """BEHIND_PROXY is how many proxies there are in front; a plain yes is one."""
    value = env("BEHIND_PROXY")
    return int(value) if value.isdecimal() else int(env_flag("BEHIND_PROXY"))


def env_seconds(name: str, default: int) -> int:
    """-1 for what is no number: a check says so, where an exception here would say nothing."""
    value = env(name)
    return (int(value) if value.isdecimal() else -1) if value else default


def env_numbers(name: str) -> dict[str, int]:
    """`name=number`, with commas between them."""
    pairs = [part.rpartition("=") for part in env_list(name)]
    wrong = [f"{left}{sign}{right}" for left, sign, right in pairs if not (left and right.strip().isdecimal())]
    if wrong:
        raise ImproperlyConfigured(f"{name} holds {wrong[0]!r}. Write name=number, with commas between several.")
    return {left.strip(): int(right) for left, _, right in pairs}


def env_amount(name: str, default: str) -> Decimal:
    try:
        amount = Decimal(env(name) or default)
    except ArithmeticError:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise ImproperlyConfigured(f"{name} is {env(name)!r}. Write an amount such as 2.50.")
    return amount


EMBEDDED = not env("DATABASE_URL")
HOME = studio_home()
# What `manage.py up` runs on this machine at the moment, so that a second shell finds it.
RUNNING = running(HOME) or {}

DEBUG = env_flag("DEBUG")
DEMO = env_flag("DEMO")
SECRET_KEY = env("SECRET_KEY") or (secret_key(HOME) if EMBEDDED or DEMO else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY: with DATABASE_URL several machines share sessions, so they must share the key.")
# Keys that the present ones replace and that are still believed.
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
# Encrypt what is stored (`lib/secrets.py`): the first encrypts, all decrypt. Without any, they are derived from the keys above.
ENCRYPTION_KEYS = env_list("ENCRYPTION_KEYS")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")

# Whatever makes an environment easier to reach takes effect when a second person has confirmed it. The demo does without.
# A second shell beside a running demo is part of it.
SECOND_PERSON = env_flag("SECOND_PERSON") if "SECOND_PERSON" in os.environ else not (DEMO or RUNNING.get("demo"))
# How often somebody has to sign for who has access to a project; 0 switches it off.
ACCESS_REVIEW_DAYS = int(env("ACCESS_REVIEW_DAYS", "90"))

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "promptstudio.web.admin.apps.StudioAdminConfig",
    "csp",
    "django_htmx",
    "guardian",
    "ninja",
    "simple_history",
    "promptstudio.lib.apps.LibConfig",
    "promptstudio.audit.apps.AuditConfig",
    "promptstudio.accounts.apps.AccountsConfig",
    "promptstudio.projects.apps.ProjectsConfig",
    "promptstudio.prompts.apps.PromptsConfig",
    "promptstudio.reviews.apps.ReviewsConfig",
    "promptstudio.evaluations.apps.EvaluationsConfig",
    "promptstudio.deployments.apps.DeploymentsConfig",
    "promptstudio.notifications.apps.NotificationsConfig",
    "promptstudio.serving.apps.ServingConfig",
    "promptstudio.integrations.bedrock.apps.BedrockConfig",
    "promptstudio.web.apps.WebConfig",
    "promptstudio.running.apps.RunningConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "promptstudio.web.middleware.PermissionsPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "promptstudio.web.middleware.ActorMiddleware",
    "promptstudio.web.sessions.Sessions",
    "promptstudio.web.sign_in.renewal.Renewal",
    "promptstudio.web.middleware.ErrorPages",
]
ROOT_URLCONF = "promptstudio.urls"
WSGI_APPLICATION = "promptstudio.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "promptstudio.web.sign_in.backend.Backend",
    "promptstudio.web.sign_in.break_glass.BreakGlassBackend",
    "guardian.backends.ObjectPermissionBackend",
]
# Strangers are strangers: no row stands for them.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
LOGIN_URL = "sign_in"

# Single sign-on. What contradicts itself is said by the checks in `web/sign_in/checks.py`.
OIDC_ISSUER = env("OIDC_ISSUER")
OIDC_DISCOVERY_URL = env("OIDC_DISCOVERY_URL")
OIDC_RP_CLIENT_ID = env("OIDC_CLIENT_ID")
OIDC_RP_CLIENT_SECRET = env("OIDC_CLIENT_SECRET")
OIDC_RP_SCOPES = env("OIDC_SCOPES") or "openid email profile"
OIDC_RP_SIGN_ALGO = env("OIDC_SIGN_ALGO") or "RS256"
OIDC_GROUPS_CLAIM = env("OIDC_GROUPS_CLAIM") or "groups"
OIDC_ALLOWED_GROUPS = env_list("OIDC_ALLOWED_GROUPS")
OIDC_CREATE_PROJECTS = env_flag("OIDC_CREATE_PROJECTS")
OIDC_RENEW_SECONDS = env_seconds("OIDC_RENEW_SECONDS", 900)
OIDC_UNKNOWN_PERSON_TEXT = env("OIDC_UNKNOWN_PERSON_TEXT")
# A local administrator for when the provider is away; see docs/sign-in/break-glass.md.
BREAK_GLASS = env_flag("BREAK_GLASS")
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "promptstudio.web.context.frame",
            ]
        },
    }
]

if EMBEDDED:
    DATABASES: dict[str, Any] = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HOME / "studio.sqlite3",
            "OPTIONS": {
                # IMMEDIATE: a transaction that reads and then writes would otherwise fail with "database is locked" under load.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
            },
        }
    }
else:
    DATABASES = {"default": dj_database_url.parse(env("DATABASE_URL"), conn_max_age=60, conn_health_checks=True)}
ATOMIC_REQUESTS = False

REDIS_URL = env("REDIS_URL")
BROKER_URL = REDIS_URL or env("BROKER_URL") or RUNNING.get("broker_url") or ""
CACHE_URL = REDIS_URL or env("CACHE_URL") or RUNNING.get("cache_url") or ""
# A Redis that does not answer costs a page half a second, not its life.
CACHE_OPTIONS = {"socket_timeout": 0.5, **({} if CACHE_URL.startswith("unix") else {"socket_connect_timeout": 0.5})}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL, "OPTIONS": CACHE_OPTIONS}
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

# Without a broker nothing is lost: job rows are the truth and the sweep finds them.
CELERY_BROKER_URL = BROKER_URL or "memory://"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 2
# kombu looks for unacknowledged messages only every 100 s as it comes.
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"visibility_timeout": 3600, "unacked_restore_interval": 5, "unacked_restore_throttle": 1, "socket_timeout": 10}
    if BROKER_URL.startswith("redis")
    else {}
)
# A model may take minutes to answer; it keeps neither publications nor e-mails waiting.
CELERY_TASK_ROUTES = {"deployments.*": {"queue": "publishing"}, "evaluations.*": {"queue": "models"}}
CELERY_BEAT_SCHEDULE = {
    "publish what is owed": {"task": "deployments.publish_due", "schedule": 2.0, "options": {"expires": 10}},
    "promote what was scheduled": {"task": "schedules.promote_due", "schedule": 5.0, "options": {"expires": 10}},
    "ask models": {"task": "evaluations.look_around", "schedule": 5.0, "options": {"expires": 10}},
    "forget old answers": {"task": "evaluations.forget_old", "schedule": 3600.0, "options": {"expires": 3000}},
    "sign the heads of the trail": {"task": "audit.anchor_all", "schedule": 3600.0, "options": {"expires": 3000}},
    "ask places": {"task": "places.check_due", "schedule": 30.0, "options": {"expires": 30}},
    "find out how changes came out": {"task": "criteria.check_due", "schedule": 30.0, "options": {"expires": 30}},
    "send signed heads": {"task": "audit.send_anchors", "schedule": 30.0, "options": {"expires": 30}},
    "forget who acted long ago": {"task": "accounts.forget_old_who", "schedule": 3600.0, "options": {"expires": 3000}},
    "forget old imports": {"task": "prompts.forget_old_imports", "schedule": 3600.0, "options": {"expires": 3000}},
    "stream the trail": {"task": "audit.stream", "schedule": 5.0, "options": {"expires": 10}},
    "tell people": {"task": "notifications.tell", "schedule": 3.0, "options": {"expires": 10}},
    "tell receivers": {"task": "notifications.tell_receivers", "schedule": 15.0, "options": {"expires": 15}},
    "send e-mails": {"task": "notifications.deliver", "schedule": 5.0, "options": {"expires": 10}},
    "remind people": {"task": "notifications.by_the_clock", "schedule": 300.0, "options": {"expires": 240}},
}

# Signs what leaves the installation: heads of chains, evidence. One machine makes its own.
AUDIT_KEY_FILE = env("AUDIT_KEY_FILE") or (str(HOME / "audit_key.pem") if EMBEDDED or DEMO else "")
AUDIT_KEY_IS_MADE = EMBEDDED or DEMO
# Where signed heads of chains go, and who receives the trail: name to class and its arguments.
TRAIL = "promptstudio.integrations.trail"
AUDIT_ANCHORS: dict[str, tuple[str, dict[str, Any]]] = {}
if env("AUDIT_ANCHOR_FILE"):
    AUDIT_ANCHORS["file"] = (f"{TRAIL}.file.AnchorFile", {"path": env("AUDIT_ANCHOR_FILE")})
if env("AUDIT_ANCHOR_WEBHOOK"):
    AUDIT_ANCHORS["webhook"] = (f"{TRAIL}.webhook.Webhook", {"url": env("AUDIT_ANCHOR_WEBHOOK"), "secret": env("AUDIT_WEBHOOK_SECRET")})
if env("AUDIT_ANCHOR_S3"):
    AUDIT_ANCHORS["s3"] = (f"{TRAIL}.s3.AnchorBucket", {"place": env("AUDIT_ANCHOR_S3")})
AUDIT_STREAMS: dict[str, tuple[str, dict[str, Any]]] = {}
if env("AUDIT_WEBHOOK_URL"):
    AUDIT_STREAMS["webhook"] = (f"{TRAIL}.webhook.Webhook", {"url": env("AUDIT_WEBHOOK_URL"), "secret": env("AUDIT_WEBHOOK_SECRET")})
# Who is told what gates and tests said, and whether that may be of restricted prompts.
GATE_HOOKS: dict[str, tuple[str, dict[str, Any]]] = {}
if env("GATE_WEBHOOK_URL"):
    GATE_HOOKS["webhook"] = (f"{TRAIL}.webhook.Webhook", {"url": env("GATE_WEBHOOK_URL"), "secret": env("GATE_WEBHOOK_SECRET")})
GATE_HOOKS_RESTRICTED = env_flag("GATE_WEBHOOK_RESTRICTED")
# Seconds that a receiver may take to answer.
# After so many days the trail forgets name, e-mail and network address of who acted; 0 keeps them.
AUDIT_WHO_DAYS = int(env("AUDIT_WHO_DAYS", "0"))
AUDIT_SEND_TIMEOUT = float(env("AUDIT_SEND_TIMEOUT", "10"))

# The door's seal: the first key seals, all are believed. Without one, it is derived from SECRET_KEY (`deployments/seal.py`).
SEAL_KEYS = env_list("SEAL_KEY")

# Publishers by the kind of target, as Django names its storages.
PUBLISHERS = {"bedrock": "promptstudio.integrations.bedrock.publisher.BedrockPublisher"}
# Seconds that one call to a target may take to connect and to answer. A lease outlasts them.
PUBLISH_CONNECT_TIMEOUT = float(env("PUBLISH_CONNECT_TIMEOUT", "5"))
PUBLISH_READ_TIMEOUT = float(env("PUBLISH_READ_TIMEOUT", "20"))
AWS_ENDPOINT_URL = env("AWS_ENDPOINT_URL") or RUNNING.get("aws_endpoint_url") or ""
if AWS_ENDPOINT_URL and RUNNING.get("aws_endpoint_url") == AWS_ENDPOINT_URL:
    # A second shell next to `manage.py up` speaks to the same local AWS, which takes any credentials.
    os.environ.setdefault("AWS_ENDPOINT_URL", AWS_ENDPOINT_URL)
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "local")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "local")
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

# Who calls models, by dotted path; empty: nobody does.
MODEL_RUNNER = env("MODEL_RUNNER", "promptstudio.integrations.routing.RoutingRunner")
# Any endpoint that speaks OpenAI's chat completions and embeddings. Models there are called `openai:<name>`; forms offer OPENAI_MODELS.
OPENAI_BASE_URL = env("OPENAI_BASE_URL")
OPENAI_API_KEY = env("OPENAI_API_KEY")
OPENAI_MODELS = env_list("OPENAI_MODELS")
OPENAI_MAX_TOKENS_FIELD = env("OPENAI_MAX_TOKENS_FIELD") or "max_tokens"
# Models that need no server, called `local:<name>`: their answers are computed, and say so.
LOCAL_MODELS = env_flag("LOCAL_MODELS") if "LOCAL_MODELS" in os.environ else EMBEDDED
MODEL_ROUTES: dict[str, str] = {}
if OPENAI_BASE_URL:
    MODEL_ROUTES["openai:"] = "promptstudio.integrations.openai.runner.OpenAIRunner"
if LOCAL_MODELS:
    MODEL_ROUTES["local:"] = "promptstudio.integrations.local.runner.LocalRunner"
# What forms offer beside the list of models that site admins keep.
MODELS_OFFERED = [*(f"openai:{name}" for name in OPENAI_MODELS if OPENAI_BASE_URL), *(["local:model"] if LOCAL_MODELS else [])]
# Who judges answers where a project chose nobody else, and who knows which version of a prompt is live in the last environment.
JUDGE_MODEL = env("JUDGE_MODEL", "anthropic.claude-sonnet-4-6")
WHAT_IS_LIVE = "promptstudio.deployments.foremost.live_in_last"
# Who turns texts into numbers, by dotted path; empty: nobody does, and checks that compare meanings could not be told.
EMBEDDER = env("EMBEDDER", "promptstudio.integrations.routing.RoutingEmbedder")
EMBEDDING_MODEL = env("EMBEDDING_MODEL", "amazon.titan-embed-text-v2:0")
# Where Bedrock is asked: the ordinary AWS environment, or else this region and role.
MODEL_PLACE = {"region": env("MODEL_REGION"), "role_arn": env("MODEL_ROLE_ARN"), "external_id": env("MODEL_EXTERNAL_ID")}
# Seconds that a model may take for its whole answer.
MODEL_READ_TIMEOUT = float(env("MODEL_READ_TIMEOUT", "120"))
# Calls that one model gets at once from the whole installation: for all models, and apart for some (`amazon.nova-lite-v1:0=2`).
MODEL_CALLS_AT_ONCE = int(env("MODEL_CALLS_AT_ONCE", "8"))
MODEL_CALLS_AT_ONCE_BY_MODEL = env_numbers("MODEL_CALLS_AT_ONCE_BY_MODEL")
# The ceiling that the form for running a suite begins with, in US dollars; 0: none.
RUN_CEILING = env_amount("RUN_CEILING", "2")
# Calls that one person may ask for in 24 hours.
MODEL_CALLS_A_DAY = int(env("MODEL_CALLS_A_DAY", "500"))
# US dollars that one run may cost which nobody started: it checks what a change was held to.
CRITERION_MOST_COST = env_amount("CRITERION_MOST_COST", "2")
# After so many days the answers to drafts are forgotten; 0 keeps them.
ANSWER_DAYS = int(env("ANSWER_DAYS", "90"))

# E-mails to people. Without EMAIL_URL (or another back end of Django's) none are made; the demo shows them at `/outbox/` instead.
OUTBOX = EMBEDDED and DEMO and not env("EMAIL_URL") and not env("EMAIL_BACKEND")
EMAIL_URL = env("EMAIL_URL")
try:
    _server = mail_server(EMAIL_URL) if EMAIL_URL else MailServer()
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from None
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _server.host, _server.port, _server.user, _server.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _server.starttls, _server.tls
# Seconds that one step of sending may take.
EMAIL_TIMEOUT = float(env("EMAIL_TIMEOUT", "10"))
EMAIL_IS_SENT = OUTBOX or bool(EMAIL_URL or env("EMAIL_BACKEND"))
EMAIL_BACKEND = env("EMAIL_BACKEND") or (
    "promptstudio.notifications.outbox.Outbox" if OUTBOX else f"django.core.mail.backends.{'smtp' if EMAIL_URL else 'dummy'}.EmailBackend"
)
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL") or ("" if EMAIL_URL else "Prompt Studio <prompt-studio@localhost>")
# What links in e-mails begin with.
PUBLIC_URL = (env("PUBLIC_URL") or RUNNING.get("url") or "").rstrip("/")
# Who makes the words of an e-mail: it knows sentences and addresses, which `notifications` does not.
LETTER_WRITER = "promptstudio.web.letters.write"

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "promptstudio.lib.formats"
TIME_ZONE = env("TIME_ZONE", "UTC")
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env("STATIC_ROOT")) if env("STATIC_ROOT") else BASE_DIR / "staticfiles"
# One machine serves the files as they lie; the image collects, hashes and compresses them.
COLLECTED = (STATIC_ROOT / "staticfiles.json").exists()
WHITENOISE_USE_FINDERS = not COLLECTED
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if COLLECTED or env_flag("COLLECT_STATIC")
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

HTTPS = env_flag("HTTPS")
SESSION_COOKIE_NAME = "studio_session"
CSRF_COOKIE_NAME = "studio_csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = int(env("HSTS_SECONDS", "31536000")) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# Believed for the scheme, and for the caller's address (`lib/addresses.py`).
PROXIES = env_proxies()
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "promptstudio.web.views.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        # The nonce is sent only by the page that asks for one: the editor of a draft makes its style sheet itself.
        "style-src": [SELF, NONCE],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
# A form with a 140 KB text and its fields; the limit on a text itself is the bundle's.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["stderr"], "level": env("LOG_LEVEL", "INFO")},
    "loggers": {
        "botocore": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "celery": {"level": "WARNING"},
        "kombu": {"level": "ERROR"},
    },
}
structlog.configure(
    processors=[
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["event"]),
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
SILENCED_SYSTEM_CHECKS: list[str] = []
