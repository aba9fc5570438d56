"""The manifest of the Slack app: what the bot may do and hear, and where Slack sends it."""

MANIFEST = """\
# The Slack app of Makewhole. api.slack.com/apps, Create New App, From a manifest; then install it.
display_information:
  name: Makewhole
  description: Asks who may decide what a customer is owed
features:
  app_home:                                        # Home shows what waits for the reader
    home_tab_enabled: true
    messages_tab_enabled: false
  bot_user:
    display_name: Makewhole
    always_online: true
  slash_commands:
    - command: /makewhole{command_url}
      description: Show what waits for your decision, or one case
      usage_hint: "[CASE-4711]"
oauth_config:
  scopes:
    bot:
      - chat:write                                 # Post and edit cards
      - commands                                   # /makewhole
      - channels:history                           # Find a card again whose posting was never answered
      - channels:read                              # Say whether the bot is in its channels
      - groups:history                             # The same in private channels
      - groups:read
      - users:read                                 # Say whether who may decide is there
settings:
  event_subscriptions:{events_url}
    bot_events:
      - app_home_opened
  interactivity:                                   # Buttons and the windows they open
    is_enabled: true{interactivity_url}
  org_deploy_enabled: false
  socket_mode_enabled: {socket}
  token_rotation_enabled: false
"""


def manifest(public_url: str, *, mode: str) -> str:
    """Return the manifest as YAML. mode: "http", where Slack calls `public_url`, or "socket"."""
    socket = mode == "socket"

    def address(indent: int, key: str, path: str) -> str:
        return "" if socket else f"\n{' ' * indent}{key}: {public_url.rstrip('/')}/slack/{path}"

    return MANIFEST.format(
        command_url=address(6, "url", "commands"),
        events_url=address(4, "request_url", "events"),
        interactivity_url=address(4, "request_url", "interactivity"),
        socket="true" if socket else "false",
    )
