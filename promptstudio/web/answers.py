from django.http import HttpResponseRedirect


def see_other(address: str) -> HttpResponseRedirect:
    """After a change: the browser asks for `address` with GET, and going back does not send the form again."""
    return HttpResponseRedirect(address, status=303)
