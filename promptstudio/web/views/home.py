from django.http import HttpResponse
from django.shortcuts import render

from ..requests import StudioRequest


def home(request: StudioRequest) -> HttpResponse:
    return render(request, "home/page.html", {})
