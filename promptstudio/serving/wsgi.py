class Serving:
    def __init__(self, django):
        self.django = django

    def __call__(self, environ, start_response):
        return self.django(environ, start_response)
