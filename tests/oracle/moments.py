"""Instants as epoch milliseconds, RFC 3339 in and out, calendars, zones (messages.md 1, 5)."""
import calendar
import re
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAY = 86400000
HOUR = 3600000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MAX = 253402300799999  # the last millisecond of 9999

_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?"
                   r"(Z|[+-]\d\d:\d\d)\Z", re.ASCII)
_DUR = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?"
                  r"(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?\Z", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)\Z", re.ASCII)


def read(text):
    """Epoch milliseconds, or None when it is not a time of messages.md 1."""
    match = _TIME.match(text) if isinstance(text, str) else None
    if not match:
        return None
    year, month, day, hour, minute, second = (int(match.group(i)) for i in range(1, 7))
    if year < 1970 or hour > 23 or minute > 59 or second > 59 or not 1 <= month <= 12:
        return None
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    shift = 0
    if match.group(8) != "Z":
        hours, minutes = int(match.group(8)[1:3]), int(match.group(8)[4:6])
        if hours > 23 or minutes > 59:
            return None
        shift = (hours * 60 + minutes) * 60000 * (-1 if match.group(8)[0] == "-" else 1)
    millis = int(((match.group(7) or "") + "000")[:3])
    result = utc(year, month, day, hour, minute, second) + millis - shift
    return result if 0 <= result <= MAX else None


def utc(year, month, day, hour=0, minute=0, second=0):
    return calendar.timegm((year, month, day, hour, minute, second)) * 1000


_shown = {}


def show(millis):
    text = _shown.get(millis)
    if text is None:
        moment = _EPOCH + timedelta(milliseconds=millis)
        text = moment.strftime("%Y-%m-%dT%H:%M:%S.").rjust(20, "0") + "%03dZ" % (millis % 1000)
        if len(_shown) < 100000:
            _shown[millis] = text
    return text


class Duration:
    __slots__ = ("months", "days", "millis", "text")

    def __init__(self, months, days, millis, text):
        self.months, self.days, self.millis, self.text = months, days, millis, text

    def after(self, start):
        """start + this, in UTC: months (clamped), then days, then time; None after 9999."""
        moment = _EPOCH + timedelta(milliseconds=start)
        count = moment.year * 12 + moment.month - 1 + self.months
        year, month = divmod(count, 12)
        if year > 9999:
            return None
        day = min(moment.day, calendar.monthrange(year, month + 1)[1])
        base = utc(year, month + 1, day) + start % DAY
        result = base + self.days * DAY + self.millis
        return result if result <= MAX else None


def read_duration(text):
    match = _DUR.match(text) if isinstance(text, str) else None
    if not match or all(group is None for group in match.groups()):
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(g or 0) for g in match.groups())
    return Duration(years * 12 + months, weeks * 7 + days,
                    ((hours * 60 + minutes) * 60 + seconds) * 1000, text)


_zones = {}


def zone(name):
    """A tzinfo for an IANA name or +-hh:mm, None if there is no such zone."""
    if name not in _zones:
        _zones[name] = _find_zone(name)
    return _zones[name]


def _find_zone(name):
    match = _OFFSET.match(name)
    if match:
        hours, minutes = int(match.group(2)), int(match.group(3))
        if hours > 23 or minutes > 59:
            return None
        delta = timedelta(hours=hours, minutes=minutes)
        return timezone(-delta if match.group(1) == "-" else delta)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local(millis, name):
    """The wall clock of an instant, naive."""
    return (_EPOCH + timedelta(milliseconds=millis)).astimezone(zone(name)).replace(tzinfo=None)


def instant(wall, name):
    """The first instant at or after which `wall` (naive) is reached in the zone."""
    tz = zone(name)
    aware = wall.replace(tzinfo=tz, fold=0)
    result = int((aware - _EPOCH).total_seconds() * 1000 + 0.5)
    if local(result, name) == wall:
        return result
    # The wall clock was skipped: the moment of the jump. Search between the two readings of it.
    low = int((wall.replace(tzinfo=timezone.utc) - _EPOCH).total_seconds()) - 86400
    high = low + 2 * 86400
    while high - low > 1:
        middle = (low + high) // 2
        if local(middle * 1000, name) < wall:
            low = middle
        else:
            high = middle
    return high * 1000


def add_months(wall, months):
    """Naive date and months: the day clamped to the month's end."""
    year, month = divmod(wall.year * 12 + wall.month - 1 + months, 12)
    day = min(wall.day, calendar.monthrange(year, month + 1)[1])
    return wall.replace(year=year, month=month + 1, day=day)


def start_of_day(wall):
    return wall.replace(hour=0, minute=0, second=0, microsecond=0)
