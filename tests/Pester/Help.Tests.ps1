# The help: what Get-Help shows, what the pages in docs/help say and what the cmdlets are must be one and the same.
BeforeDiscovery {
    $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
    Import-Module ([System.IO.Path]::Combine($root, 'out', 'ResizeLora', 'ResizeLora.psd1'))
    Import-Module ([System.IO.Path]::Combine($root, 'build', 'HelpPages.psm1'))
    $folder = [System.IO.Path]::Combine($root, 'docs', 'help')
    $commands = @(Get-Command -Module ResizeLora | Sort-Object Name | ForEach-Object { @{ name = $_.Name } })
    $pages = @((Get-ChildItem -Path $folder -Filter '*-*.md').BaseName | Sort-Object)
    $parameters = @(foreach ($one in $commands) {
            foreach ($parameter in (Get-HelpShape (Get-Command $one.name)).Parameters.Keys) {
                @{ name = $one.name; parameter = $parameter }
            }
        })
    $examples = @(foreach ($page in $pages) {
            foreach ($example in (Read-HelpPage ([System.IO.Path]::Combine($folder, "$page.md"))).Examples) {
                @{ page = $page; title = $example.Title; code = $example.Code; hasOutput = $example.HasOutput; output = $example.Output }
            }
        })
}

BeforeAll {
    . (Join-Path $PSScriptRoot 'Support.ps1')
    $root = [System.IO.Path]::GetFullPath([System.IO.Path]::Combine($PSScriptRoot, '..', '..'))
    Import-Module ([System.IO.Path]::Combine($root, 'out', 'ResizeLora', 'ResizeLora.psd1'))
    Import-Module ([System.IO.Path]::Combine($root, 'build', 'HelpPages.psm1'))
    Import-Module ([System.IO.Path]::Combine($root, 'build', 'HelpExamples.psm1'))
    Import-Module ([System.IO.Path]::Combine($root, 'build', 'HelpMaml.psm1'))
    Import-Module ([System.IO.Path]::Combine($root, 'build', 'AboutTopic.psm1'))
    $shipped = [System.IO.Path]::Combine($root, 'out', 'ResizeLora', 'en-US')
    $maml = [System.Xml.XmlDocument]::new()
    $maml.Load([System.IO.Path]::Combine($shipped, 'ResizeLora.PowerShell.dll-Help.xml'))
    $names = [System.Xml.XmlNamespaceManager]::new($maml.NameTable)
    $names.AddNamespace('maml', 'http://schemas.microsoft.com/maml/2004/10')
    $names.AddNamespace('command', 'http://schemas.microsoft.com/maml/dev/command/2004/10')
    $names.AddNamespace('dev', 'http://schemas.microsoft.com/maml/dev/2004/10')

    function Get-Page([string] $Name) { Read-HelpPage ([System.IO.Path]::Combine($root, 'docs', 'help', "$Name.md")) }
    function Get-MamlCommand([string] $Name) { $maml.SelectSingleNode("//command:command[command:details/command:name='$Name']", $names) }
    function Get-InnerText([System.Xml.XmlNode] $Node, [string] $Path) { @($Node.SelectNodes($Path, $names) | ForEach-Object InnerText) }
    function Get-Paragraph([System.Xml.XmlNode] $Node, [string] $Path) { Get-InnerText $Node "$Path/maml:para" }
}

Describe 'The help of the module' {
    It 'has a page for every cmdlet, and for nothing else' -ForEach @{ pages = $pages } {
        $pages | Should -Be @((Get-Command -Module ResizeLora).Name | Sort-Object)
    }

    It 'has MAML for every cmdlet, and for nothing else' {
        @($maml.SelectNodes('//command:details/command:name', $names) | ForEach-Object InnerText | Sort-Object) |
            Should -Be @((Get-Command -Module ResizeLora).Name | Sort-Object)
    }
}

Describe 'The help of <name>' -ForEach $commands {
    BeforeAll {
        $page = Get-Page $name
        $shape = Get-HelpShape (Get-Command $name)
        $command = Get-MamlCommand $name
    }

    It 'has the syntax of the cmdlet, set by set' {
        @($page.Syntax.Keys) | Should -Be @($shape.Syntax.Keys)
        foreach ($set in $shape.Syntax.Keys) { $page.Syntax[$set].Trim('`', "`n") | Should -Be $shape.Syntax[$set] }
        $command.SelectNodes('command:syntax/command:syntaxItem', $names) | Should -HaveCount $shape.Syntax.Count
    }

    It 'names every parameter, and none that does not exist' {
        @($page.Parameters.Keys) | Should -Be @($shape.Parameters.Keys)
        Get-InnerText $command 'command:parameters/command:parameter/maml:name' | Should -Be @($shape.Parameters.Keys)
    }

    It 'names the parameters of each set' {
        $items = $command.SelectNodes('command:syntax/command:syntaxItem', $names)
        $index = 0
        foreach ($set in (Get-Command $name).ParameterSets | Sort-Object { -not $_.IsDefault }, Name) {
            $expected = @($set.Parameters.Name | Where-Object { $_ -in $shape.Parameters.Keys } | Sort-Object)
            Get-InnerText $items[$index] 'command:parameter/maml:name' | Sort-Object | Should -Be $expected
            $index++
        }
    }

    It 'names the types that go in and come out' {
        @($page.Inputs.Keys) | Should -Be $shape.Inputs
        @($page.Outputs.Keys) | Should -Be $shape.Outputs
        $shape.Outputs.Count | Should -BeGreaterThan 0
        Get-InnerText $command 'command:inputTypes/command:inputType/dev:type/maml:name' | Should -Be $shape.Inputs
        Get-InnerText $command 'command:returnValues/command:returnValue/dev:type/maml:name' | Should -Be $shape.Outputs
    }

    It 'says in the MAML what it says in the page' {
        Get-Paragraph $command 'command:details/maml:description' | Should -Be @(ConvertTo-HelpParagraph $page.Synopsis)
        Get-Paragraph $command 'maml:description' | Should -Be @(ConvertTo-HelpParagraph $page.Description)
        Get-Paragraph $command 'maml:alertSet/maml:alert' | Should -Be @(ConvertTo-HelpParagraph $page.Notes)
        foreach ($type in $shape.Outputs) {
            Get-Paragraph $command "command:returnValues/command:returnValue[dev:type/maml:name='$type']/maml:description" |
                Should -Be @(ConvertTo-HelpParagraph $page.Outputs[$type])
        }
        foreach ($type in $shape.Inputs) {
            Get-Paragraph $command "command:inputTypes/command:inputType[dev:type/maml:name='$type']/maml:description" |
                Should -Be @(ConvertTo-HelpParagraph $page.Inputs[$type])
        }
    }

    It 'has three examples or more, the same in the MAML' {
        $page.Examples.Count | Should -BeGreaterOrEqual 3
        $shown = $command.SelectNodes('command:examples/command:example', $names)
        $shown | Should -HaveCount $page.Examples.Count
        for ($i = 0; $i -lt $page.Examples.Count; $i++) {
            Get-InnerText $shown[$i] 'maml:title' | Should -BeLike "*$([WildcardPattern]::Escape($page.Examples[$i].Title))*"
            $shown[$i].SelectSingleNode('dev:code', $names).InnerText | Should -Be (Get-ExampleCode $page.Examples[$i])
            Get-Paragraph $shown[$i] 'dev:remarks' | Should -Be @(Get-ExampleRemark $page.Examples[$i])
        }
    }

    It 'shows what examples write as the console does, from the first column of the first line on' {
        $text = (Get-Help $name -Examples | Out-String -Width 200) -split '\r?\n' -join "`n"
        foreach ($example in $page.Examples | Where-Object Output) {
            $lines = @($example.Output.Split("`n") | ForEach-Object { $_ ? "    $_" : '' })
            $text | Should -BeLike "*`n$([WildcardPattern]::Escape(($lines[0, 1] | Where-Object { $_ }) -join "`n"))*"
        }
    }

    It 'is on the web too, and so is every page that it names' {
        $project = (Get-Module ResizeLora).ProjectUri.AbsoluteUri
        (Get-Command $name).HelpUri | Should -BeExactly "$project/blob/main/docs/help/$name.md"
        $page.HelpUri | Should -BeExactly (Get-Command $name).HelpUri
        $addresses = @((Get-Help $name -Full).relatedLinks.navigationLink.uri | Where-Object { $_ })
        $addresses[0] | Should -BeExactly $page.HelpUri
        $addresses.Count | Should -BeGreaterThan 1
        foreach ($address in $addresses) {
            $address | Should -BeLike "$project/blob/main/*"
            Join-Path $root $address.Substring("$project/blob/main/".Length) | Should -Exist
        }
    }

    It 'is finished' {
        $page.Text | Should -Not -Match '\{\{'
    }

    It 'is as ./build.ps1 Help writes it' {
        $page.Text | Should -Be (Format-HelpPage $page $shape)
    }

    It 'is what Get-Help shows' {
        $help = Get-Help $name -Full
        $help.Name | Should -Be $name
        $help.Synopsis.Trim() | Should -Be $page.Synopsis
        @($help.description.Text.Trim()) | Should -Be @(ConvertTo-HelpParagraph $page.Description)
        @($help.parameters.parameter.name) | Should -Be @($shape.Parameters.Keys)
        @($help.examples.example.code) | Should -Be @($page.Examples | ForEach-Object { Get-ExampleCode $_ })
        Get-Help $name -Examples | Out-String -Width 200 | Should -BeLike "*$([WildcardPattern]::Escape($page.Examples[0].Title))*"
    }
}

Describe 'The help of <name> -<parameter>' -ForEach $parameters {
    BeforeAll {
        $page = Get-Page $name
        $yaml = (Get-HelpShape (Get-Command $name)).Parameters[$parameter]
        $metadata = (Get-Command $name).Parameters[$parameter]
        $shown = (Get-MamlCommand $name).SelectSingleNode("command:parameters/command:parameter[maml:name='$parameter']", $names)
    }

    It 'has type, default, aliases, sets and pipeline input of the cmdlet' {
        $page.Yaml[$parameter] | Should -Be $yaml
    }

    It 'says in the MAML what it says in the page' {
        Get-Paragraph $shown 'maml:description' | Should -Be @(ConvertTo-HelpParagraph $page.Parameters[$parameter])
        $page.Parameters[$parameter].Length | Should -BeGreaterThan 20
    }

    It 'is in the MAML as in the cmdlet' {
        $sets = @($metadata.ParameterSets.Values)
        $shown.SelectSingleNode('dev:type/maml:name', $names).InnerText | Should -Be $metadata.ParameterType.ToString()
        $shown.aliases | Should -Be ($metadata.Aliases.Count ? ($metadata.Aliases -join ', ') : 'none')
        $shown.required | Should -Be "$(@($sets | Where-Object IsMandatory).Count -gt 0)"
        $shown.position | Should -Be ($sets[0].Position -lt 0 ? 'Named' : "$($sets[0].Position)")
        $ways = @(
            if ($sets | Where-Object ValueFromPipeline) { 'ByValue' }
            if ($sets | Where-Object ValueFromPipelineByPropertyName) { 'ByPropertyName' }
        )
        $shown.pipelineInput | Should -Be ($ways ? "true ($($ways -join ', '))" : 'false')
        $shown.globbing | Should -Be ([regex]::Match($yaml, 'SupportsWildcards: (.+)').Groups[1].Value)
        $default = [regex]::Match($yaml, 'DefaultValue: (.+)').Groups[1].Value.Trim("'")
        Get-InnerText $shown 'dev:defaultValue' | Should -Be $default
    }
}

Describe 'The help of <page>, <title>' -ForEach $examples {
    It 'runs and writes what the page says' {
        if ($page -like 'Show-*' -and -not (Get-Command xdg-open -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because 'the stand-in for the browser needs xdg-open'
        }
        $folder = New-ExampleFolder -Path (New-TestFolder) -Sample ([System.IO.Path]::GetDirectoryName((Get-SamplePath 'lora')))
        $written = Invoke-HelpExample -Code $code -Folder $folder
        if ($hasOutput) {
            # What -WhatIf says goes to the console, past every redirection.
            $written | Should -Be (@($output.Split("`n") | Where-Object { -not $_.StartsWith('What if: ') }) -join "`n").Trim("`n")
        }
        else {
            $written | Should -BeNullOrEmpty
        }
    }
}

Describe 'about_ResizeLora' {
    BeforeAll {
        $about = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($shipped, 'about_ResizeLora.help.txt')).Replace("`r`n", "`n")
        $markdown = [System.IO.File]::ReadAllText([System.IO.Path]::Combine($root, 'docs', 'help', 'about_ResizeLora.md'))
    }

    It 'is the text of its page' {
        $about | Should -Be (ConvertTo-AboutTopic -Markdown $markdown)
    }

    It 'fits 80 columns' {
        $about.Split("`n") | Where-Object Length -GT 80 | Should -BeNullOrEmpty
    }

    It 'explains every key of a recipe' {
        $keys = (New-ResizeRecipe 'spn_lora=1,thr=0').GetType().Assembly.GetType('ResizeLora.Recipes.RecipeKeys')
        foreach ($key in $keys.GetProperty('All').GetValue($null)) { $about | Should -Match "(?m)^    $key  " }
    }

    It 'is what Get-Help shows of a module in the module path' {
        $before = $env:PSModulePath
        $env:PSModulePath = [System.IO.Path]::Combine($root, 'out')
        try {
            "$(Get-Help about_ResizeLora)" | Should -BeLike '*SHORT DESCRIPTION*Shrinks LoRA files*'
        }
        finally {
            $env:PSModulePath = $before
        }
    }
}
