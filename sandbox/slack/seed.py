"""The people and channels of Harbor Exchange's workspace."""

from sandbox.slack.records import BOT_NAME, BOT_USER_ID, Channel, User, UserGroup

FOUNDED_AT = 1704103200  # 2024-01-01 10:00 UTC.

BOT = User(id=BOT_USER_ID, name=BOT_NAME, real_name="Makewhole", title="Compensation bot", is_bot=True)

PEOPLE = (
    User(id="U0AMELIA001", name="amelia.chen", real_name="Amelia Chen", title="Compensation lead"),
    User(id="U0WEIZHANG1", name="wei.zhang", real_name="张伟 Wei Zhang", locale="zh-CN", title="补偿主管"),
    User(id="U0NOAH00001", name="noah.fischer", real_name="Noah Fischer", title="Finance"),
    User(id="U0PRIYA0001", name="priya.nair", real_name="Priya Nair", title="Fraud analyst"),
    User(id="U0YUKI00001", name="yuki.tanaka", real_name="Yuki Tanaka", title="Head of support"),
    User(id="U0LUCA00001", name="luca.rossi", real_name="Luca Rossi", title="Support agent"),
    User(id="U0MEILIN001", name="mei.lin", real_name="林梅 Mei Lin", locale="zh-CN", title="客服专员"),
    User(id="U0HANA00001", name="hana.suzuki", real_name="Hana Suzuki", title="Deputy head of support"),
    User(id="U0SOFIA0001", name="sofia.marino", real_name="Sofia Marino", title="Finance"),
    User(id="U0TARIQ0001", name="tariq.haddad", real_name="Tariq Haddad", title="Fraud analyst"),
)

EVERYBODY = (BOT_USER_ID, *(person.id for person in PEOPLE))

CHANNELS = (
    Channel(
        id="C0COMPENSA1",
        name="compensation",
        members=EVERYBODY,
        created_at=FOUNDED_AT,
        purpose="Goodwill and compensation cases that need a decision.",
    ),
    Channel(
        id="C0BUCHANG01",
        name="补偿审批",
        members=EVERYBODY,
        created_at=FOUNDED_AT,
        locale="zh-CN",
        purpose="需要审批的补偿案例。",
    ),
    Channel(
        id="C0FRAUDREV1",
        name="fraud-review",
        members=EVERYBODY,
        created_at=FOUNDED_AT,
        purpose="Claims that look wrong.",
    ),
)

USER_GROUPS = (
    UserGroup(
        id="S0COMPLEADS",
        handle="compensation-leads",
        name="Compensation leads",
        users=("U0AMELIA001", "U0WEIZHANG1"),
    ),
    UserGroup(id="S0FINANCE01", handle="finance", name="Finance", users=("U0NOAH00001",)),
)
